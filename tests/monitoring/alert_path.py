#!/usr/bin/env python3
"""deploy/monitoring as it is shipped, with a real Prometheus and a real Alertmanager: a job is killed, and a webhook hears of it.

usage: alert_path.py [--only-checks]

First promtool and amtool read the files, and the rules' tests run. Then a Prometheus scrapes a `narthex run` of
demo/vehicles.sql that tells of itself with --sd-file, and takes its samples; each query of the dashboards must be answered
with data. The job is killed with -9: NarthexInstanceMissing must reach the webhook after one minute and before two, and be
resolved when the job is there again. The timeline is printed. Exit 1: something was not so. Everything is on loopback, in a
temporary folder, and ends with the script.

NARTHEX_PROMETHEUS_2, NARTHEX_PROMTOOL and NARTHEX_ALERTMANAGER name the binaries (scripts/setup.sh fetches them);
NARTHEX_BINARY is the narthex to watch, by default the development build.
"""

import argparse
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from servers import CACHE, Timeline, Wrong, binary, free_port, verdict

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
KIT = REPOSITORY / "deploy" / "monitoring"
ALERT = "NarthexInstanceMissing"
# A query over no time at all has no rate.
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*", "$job": ".*", "$model": ".*", "$region": ".*"}
# That of a Flink cluster, see flink_alert_path.py.
FLINK_BOARD = "Flink with the narthex sink"
# What a job without losses or with an empty queue has nothing of.
MAY_BE_ZERO = {"Losses by reason", "Samples lost"}


class Webhook:
    """What an Alertmanager tells, in order: (alert, status, instance, when)."""

    def __init__(self):
        heard = self.heard = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                for alert in told["alerts"]:
                    labels = alert["labels"]
                    heard.append((labels["alertname"], alert["status"], labels.get("instance"), time.monotonic()))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, status, seconds):
        """When the alert was first heard of with this status."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for alert, heard, _, when in list(self.heard):
                if (alert, heard) == (ALERT, status):
                    return when
            time.sleep(0.2)
        raise Wrong(f"the webhook has not heard of {ALERT} as {status} within {seconds} s; it heard {self.heard}")


class Scene:
    """A folder with the kit, and the processes in it."""

    def __init__(self, folder, line):
        self.folder, self.line, self.processes = pathlib.Path(folder), line, []
        self.webhook = Webhook()
        self.prometheus_port, self.alertmanager_port = free_port(), free_port()
        for name in ("prometheus.yml", "alerts.yml", "alertmanager.yml"):
            text = (KIT / name).read_text()
            text = text.replace("localhost:9093", f"127.0.0.1:{self.alertmanager_port}")
            text = text.replace("localhost:5001", f"127.0.0.1:{self.webhook.port}")
            (self.folder / name).write_text(text)
        (self.folder / "targets").mkdir()

    def start(self, name, command, **more):
        log = (self.folder / f"{name}.log").open("ab")
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **more}
        process = subprocess.Popen(command, cwd=self.folder, **streams)
        self.processes.append(process)
        return process

    def start_servers(self):
        self.start("alertmanager", [
            binary("NARTHEX_ALERTMANAGER", ["prometheus-alertmanager", "alertmanager"], ["alertmanager/alertmanager"]),
            "--config.file=alertmanager.yml", "--storage.path=alertmanager", "--cluster.listen-address=",
            f"--web.listen-address=127.0.0.1:{self.alertmanager_port}"])
        self.start("prometheus", [
            binary("NARTHEX_PROMETHEUS_2", ["prometheus"], ["prometheus-2/prometheus"]),
            "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.enable-remote-write-receiver",
            f"--web.listen-address=127.0.0.1:{self.prometheus_port}"])
        self.until("Prometheus is ready", 60, lambda: self.get("/-/ready", parse=False))

    def start_job(self):
        """A generator and the job behind it; the job's process is given."""
        narthex = os.environ.get("NARTHEX_BINARY") or str(
            pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or CACHE / "target") / "debug" / "narthex")
        read, write = os.pipe()
        generator = [narthex, "generate", "--kind", "vehicles", "--devices", "300", "--rate", "300", "--duration", "30 min",
                     "--malformed", "0.001", "--positions", "--gps-jump", "0.01"]
        self.start("generate", generator, stdout=write)
        environment = {**os.environ, "EVENTS": "-", "MODELS": str(REPOSITORY / "demo" / "models.json"),
                       "RECEIVER": f"http://127.0.0.1:{self.prometheus_port}"}
        job = self.start("job", [narthex, "run", str(REPOSITORY / "demo" / "vehicles.sql"), "--listen", "0",
                                 "--sd-file", "targets/job.json", "--dead-letters", "dead-letters.ndjson"],
                         stdin=read, env=environment)
        os.close(read)
        os.close(write)
        return job

    def get(self, path, parse=True):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.prometheus_port}{path}", timeout=10) as answer:
            body = answer.read()
        return json.loads(body) if parse else body

    def query(self, expression):
        return self.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))["data"]["result"]

    def is_up(self, count=1):
        return len([one for one in self.query('up{job="narthex"}') if one["value"][1] == "1"]) == count

    def until(self, what, seconds, is_so):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if is_so():
                    self.line.say(what)
                    return
            except (OSError, urllib.error.URLError):
                pass
            time.sleep(0.2)
        logs = "".join(f"\n{log.name}: {log.read_text()[-600:]}" for log in self.folder.glob("*.log") if log.name != "generate.log")
        raise Wrong(f"not within {seconds} s: {what}{logs}")

    def end(self):
        for process in reversed(self.processes):
            process.kill()
        for process in self.processes:
            process.wait()
        self.webhook.server.shutdown()


def check_files():
    """What the tools say of the kit, and the rules' tests."""
    promtool = binary("NARTHEX_PROMTOOL", ["promtool"], ["prometheus-2/promtool"])
    for command in (["check", "config", "prometheus.yml"], ["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]):
        done = subprocess.run([promtool, *command], cwd=KIT, capture_output=True, text=True)
        if done.returncode:
            raise Wrong(f"promtool {' '.join(command)}: {done.stdout}{done.stderr}")
    tested = set(re.findall(r"alertname: (\w+)", (KIT / "alerts_test.yml").read_text()))
    rules = set(re.findall(r"- alert: (\w+)", (KIT / "alerts.yml").read_text()))
    if tested != rules:
        raise Wrong(f"alerts without a test, or the other way: {sorted(tested ^ rules)}")
    return len(rules)


def dashboards():
    """Title and queries of each panel, by dashboard; their structure is checked."""
    for path in sorted((KIT / "grafana" / "dashboards").glob("*.json")):
        board = json.loads(path.read_text())
        missing = {"uid", "title", "panels", "templating", "schemaVersion"} - set(board)
        ids = [panel["id"] for panel in board["panels"]]
        if missing or len(ids) != len(set(ids)) or not ids:
            raise Wrong(f"{path.name}: without {missing}, or its panels have no ids of their own")
        places = set()
        for panel in board["panels"]:
            place = panel["gridPos"]
            if place["x"] + place["w"] > 24 or (place["x"], place["y"]) in places:
                raise Wrong(f"{path.name}: the panel {panel['title']} is not in the grid, or upon another")
            places.add((place["x"], place["y"]))
            if panel["datasource"]["uid"] != "${datasource}":
                raise Wrong(f"{path.name}: the panel {panel['title']} has a source of its own")
        variables = {f"${variable['name']}" for variable in board["templating"]["list"]}
        queries = [(panel["title"], target["expr"]) for panel in board["panels"] for target in panel["targets"]]
        for title, query in queries:
            unknown = set(re.findall(r"\$(?!__)\w+", query)) - variables
            if unknown:
                raise Wrong(f"{path.name}: the panel {title} asks for {unknown}")
        yield board["title"], queries


def check_panels(scene, are_of_flink=False):
    count = 0
    for board, queries in dashboards():
        if (board == FLINK_BOARD) != are_of_flink:
            continue
        for title, query in queries:
            for variable, value in VARIABLES.items():
                query = query.replace(variable, value)
            found = scene.query(query)
            values = [float(one["value"][1]) for one in found]
            if not found or title not in MAY_BE_ZERO and all(value != value for value in values):
                raise Wrong(f"{board}, {title}: no data for {query}")
            count += 1
    return count


def run(line):
    with tempfile.TemporaryDirectory(prefix="narthex-monitoring-") as folder:
        scene = Scene(folder, line)
        try:
            scene.start_servers()
            job = scene.start_job()
            line.say("the job runs, and tells of itself in targets/job.json")
            scene.until("Prometheus scrapes it", 60, scene.is_up)
            scene.until("windows of the fleet are written", 90, lambda: scene.query("sum(fleet_vehicles_moving) > 0"))
            # Two scrapes, for rates.
            time.sleep(35)
            line.say(f"{check_panels(scene)} queries of the dashboards have data")
            if scene.webhook.heard:
                raise Wrong(f"the webhook has heard before anything was wrong: {scene.webhook.heard}")
            job.kill()
            killed = time.monotonic()
            line.say("killed the job with -9")
            scene.until("Prometheus misses it", 45, lambda: scene.is_up(0))
            after = scene.webhook.wait("firing", 150) - killed
            line.say(f"{ALERT} has reached the webhook, {after:.0f} s after the kill")
            if not 60 <= after <= 120:
                raise Wrong("that is not from one to two minutes")
            scene.start_job()
            started = time.monotonic()
            line.say("started the job anew")
            after = scene.webhook.wait("resolved", 180) - started
            line.say(f"{ALERT} is resolved, {after:.0f} s after the start")
            scene.until("Prometheus scrapes the new one", 60, scene.is_up)
        finally:
            scene.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only-checks", action="store_true", help="of the files; no job is run")
    arguments = parser.parse_args()
    line = Timeline()

    def check():
        rules = check_files()
        queries = sum(len(queries) for _, queries in dashboards())
        line.say(f"{rules} alerts pass their tests; {queries} queries in the dashboards")
        if not arguments.only_checks:
            run(line)

    return verdict("the monitoring kit", check)


if __name__ == "__main__":
    sys.exit(main())
