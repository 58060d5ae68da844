#!/usr/bin/env python3
"""The monitoring kit on a real Flink cluster with two task managers: one is killed, the job moves, a webhook hears of it.

usage: flink_alert_path.py [--line 2.2]

The cluster has the connector in lib/ and Flink's own Prometheus reporter. The job of deploy/flink/example writes to the
Prometheus that scrapes it. Checked: its counter and histogram are scraped, each panel of the dashboard has data; after
kill -9 of the task manager that runs the job, the job runs on the other one, and FlinkTaskManagerMissing reaches the
webhook after one to two minutes; it is resolved when a task manager is there again. The timeline is printed. The SQL jar
is built, or taken from the folder NARTHEX_SQL_JARS. Exit 1: something was not so.
"""

import argparse
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXAMPLE = ROOT / "deploy/flink/example"

import alert_path  # noqa: E402
from alert_path import Scene  # noqa: E402
from servers import Timeline, Wrong, verdict  # noqa: E402

sys.path.append(str(ROOT / "tests/flink"))
import cluster as flink  # noqa: E402

ALERT = "FlinkTaskManagerMissing"


class Watched(flink.ReportingCluster):
    """Each process is told to Prometheus."""

    def __init__(self, targets, *arguments, **more):
        super().__init__(*arguments, **more)
        self.targets = targets

    def reports(self, name, port):
        role = "jobmanager" if name == "job-manager" else "taskmanager"
        told = [{"targets": [f"127.0.0.1:{port}"], "labels": {"role": role, "process": name}}]
        (self.targets / f"{name}.json").write_text(json.dumps(told))

    def submit_jar(self, jar, *arguments):
        process = self.java("client", "org.apache.flink.client.cli.CliFrontend", "-Xmx384m",
                            arguments=["run", "--detached", "--parallelism", "2", jar, *arguments])
        process.wait(flink.SUBMIT_SECONDS)
        printed = self.processes.log("client").read_text()
        found = re.search(r"Job has been submitted with JobID ([0-9a-f]{32})", printed)
        if not found:
            raise Wrong(f"the job was not submitted:\n{printed}")
        return found[1]


def example_jar(cluster, folder):
    classes = folder / "classes"
    classes.mkdir()
    lib = ":".join(map(str, cluster.home.glob("lib/*.jar")))
    subprocess.run(["javac", "-nowarn", "-cp", lib, "-d", classes, EXAMPLE / "VehicleSpeeds.java"], check=True)
    jar = folder / "vehicle-speeds.jar"
    subprocess.run(["jar", "--create", "--file", jar, "--main-class", "VehicleSpeeds", "-C", classes, "."], check=True)
    return jar


def run(flink_line, line):
    with tempfile.TemporaryDirectory(prefix="narthex-flink-alert-") as folder:
        folder = pathlib.Path(folder)
        (folder / "kit").mkdir()
        scene = Scene(folder / "kit", line)
        targets = folder / "kit/flink-targets"
        targets.mkdir()
        processes = flink.Processes(folder)
        try:
            cluster = Watched(targets, flink_line, processes, folder, jars=[flink.sql_jar(flink_line)])
            scene.start_servers()
            cluster.start()
            line.say("two task managers and a job manager run")
            job = cluster.submit_jar(example_jar(cluster, folder), f"http://127.0.0.1:{scene.prometheus_port}/api/v1/write")
            scene.until("Prometheus scrapes all three", 90, lambda: all_up(scene) == 3)
            scene.until("samples of the job are stored", 60, lambda: scene.query("count(vehicle_speed)"))
            scene.until("its counter and histogram are scraped", 60, lambda: scene.query(
                "flink_taskmanager_job_task_operator_vehiclesSeen > 0") and scene.query(
                'flink_taskmanager_job_task_operator_vehicleSpeed{quantile="0.99"} > 90'))
            # Two scrapes, for rates, and a checkpoint.
            time.sleep(35)
            line.say(f"{alert_path.check_panels(scene, are_of_flink=True)} queries of the dashboard have data")
            if scene.webhook.heard:
                raise Wrong(f"the webhook has heard before anything was wrong: {scene.webhook.heard}")
            before = cluster.where_it_runs(job)
            victim = before[0]
            processes.end(victim, signal.SIGKILL)
            killed = time.monotonic()
            line.say(f"killed {victim} with -9; the job ran on {', '.join(before)}")
            flink.wait_for("the job to move", lambda: cluster.state(job) == "RUNNING"
                           and victim not in cluster.where_it_runs(job)
                           and flink.get(f"{cluster.rest}/jobs/{job}/checkpoints")["latest"]["restored"], 120)
            line.say(f"the job runs on {', '.join(cluster.where_it_runs(job))}, {time.monotonic() - killed:.0f} s after the kill")
            after = scene.webhook.wait("firing", 150) - killed
            line.say(f"{ALERT} has reached the webhook, {after:.0f} s after the kill")
            if not 60 <= after <= 120:
                raise Wrong("that is not from one to two minutes")
            cluster.start_task_manager(victim)
            started = time.monotonic()
            line.say("started a task manager in its place")
            after = scene.webhook.wait("resolved", 180) - started
            line.say(f"{ALERT} is resolved, {after:.0f} s after the start")
        except BaseException:
            for log in sorted(folder.glob("*.log")):
                print(f"--- {log.name}, its end", *log.read_text(errors="replace").splitlines()[-15:], sep="\n")
            raise
        finally:
            processes.end_all()
            scene.end()


def all_up(scene):
    return len([one for one in scene.query('up{job="flink"}') if one["value"][1] == "1"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--line", default="2.2", choices=sorted(flink.FLINK))
    arguments = parser.parse_args()
    alert_path.ALERT = ALERT
    return verdict("the monitoring kit on Flink", lambda: run(arguments.line, Timeline()))


if __name__ == "__main__":
    sys.exit(main())
