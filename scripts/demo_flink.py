#!/usr/bin/env python3
"""demo/vehicles.sql on a real Flink session cluster with narthex's jar in lib/; scripts/demo.sh starts it.

usage: demo_flink.py FOLDER EVENTS RECEIVER

EVENTS is a folder that files of events appear in. The values of the job file's variables are put into a copy of it, the
folder is watched, and broken records are left out, where narthex counts them without being asked; nothing else is changed.
Prints `metrics at URL` (of the task manager) and `listening on URL` (Flink's web page) on standard error when the job runs,
and ends the cluster at SIGTERM, or when the job ends.
"""

import pathlib
import signal
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/flink"))

from cluster import Processes, ReportingCluster, Wrong, sql_jar, wait_for  # noqa: E402

LINE = "2.2"


class Reporting(ReportingCluster):
    def reports(self, name, port):
        if name in self.task_managers:
            self.metrics = f"http://127.0.0.1:{port}"


def main():
    folder, events, receiver = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    processes = Processes(folder)
    try:
        cluster = Reporting(LINE, processes, folder, jars=[sql_jar(LINE)], task_managers=1,
                            # What is known of 100,000 vehicles is on the heap.
                            options=["-Xmx1536m"])
        cluster.start()
        job, _ = cluster.submit_sql("vehicles", job_file(events, receiver))
        wait_for("the job to run", lambda: cluster.state(job) == "RUNNING")
        # What built the jar leaves a line open.
        print(f"\nmetrics at {cluster.metrics}", file=sys.stderr)
        print(f"listening on {cluster.rest}/#/job/running/{job}/overview", file=sys.stderr, flush=True)
        while cluster.state(job) not in ("FINISHED", "FAILED", "CANCELED"):
            time.sleep(1)
        print(f"the job is {cluster.state(job)}", file=sys.stderr)
    except Wrong as wrong:
        print(f"demo: {wrong}", file=sys.stderr)
        sys.exit(1)
    finally:
        processes.end_all()


def job_file(events, receiver):
    text = (ROOT / "demo/vehicles.sql").read_text()
    watched = f"'path' = '{events}',\n  'source.monitor-interval' = '1 s',\n  'json.ignore-parse-errors' = 'true'"
    for variable, value in (("'path' = '${env:EVENTS}'", watched), ("${env:MODELS}", str(ROOT / "demo/models.json")),
                            ("${env:RECEIVER}", receiver)):
        text = text.replace(variable, value)
    return text


if __name__ == "__main__":
    main()
