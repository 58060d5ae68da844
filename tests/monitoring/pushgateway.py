#!/usr/bin/env python3
"""A job that ends before anybody scrapes it leaves its numbers in a real Pushgateway, from which a real Prometheus has them.

usage: pushgateway.py

Exit 1: something was not so. Everything is on loopback, in a temporary folder, and ends with the script.
NARTHEX_PUSHGATEWAY and NARTHEX_PROMETHEUS_2 name the binaries (scripts/setup.sh fetches them).
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from servers import CACHE, Timeline, Wrong, binary, free_port, verdict

JOB = """
SET 'metrics.push.url' = 'http://127.0.0.1:{gateway}';
SET 'metrics.push.interval' = '500 ms';
SET 'metrics.push.grouping-key' = 'instance=nightly;path=/var/tmp';
CREATE TABLE g (n INT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000', 'number-of-rows' = '3000');
CREATE TABLE o (n INT) WITH ('connector' = 'blackhole');
INSERT INTO o SELECT n FROM g WHERE n IS NOT NULL;
"""
GROUP = '{job="narthex", instance="nightly", path="/var/tmp"}'


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def until(what, seconds, is_so, line):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if is_so():
                line.say(what)
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise Wrong(f"not within {seconds} s: {what}")


def run(line, folder, processes):
    gateway, prometheus = free_port(), free_port()
    narthex = os.environ.get("NARTHEX_BINARY") or str(
        pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or CACHE / "target") / "debug" / "narthex")
    (folder / "prometheus.yml").write_text(
        "scrape_configs:\n  - job_name: pushgateway\n    honor_labels: true\n    scrape_interval: 1s\n"
        f"    static_configs: [{{targets: ['127.0.0.1:{gateway}']}}]\n")
    (folder / "job.sql").write_text(JOB.format(gateway=gateway))

    def start(name, command):
        log = (folder / f"{name}.log").open("wb")
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        processes.append(process)
        return process

    start("pushgateway", [binary("NARTHEX_PUSHGATEWAY", ["prometheus-pushgateway", "pushgateway"], ["pushgateway/pushgateway"]),
                          f"--web.listen-address=127.0.0.1:{gateway}"])
    start("prometheus", [binary("NARTHEX_PROMETHEUS_2", ["prometheus"], ["prometheus-2/prometheus"]),
                         "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                         f"--web.listen-address=127.0.0.1:{prometheus}"])
    page = f"http://127.0.0.1:{gateway}/metrics"
    until("the Pushgateway is ready", 30, lambda: get(page), line)
    job = start("job", [narthex, "run", "job.sql"])
    until("numbers are there while the job runs", 30, lambda: "narthex_source_records_total{" in get(page) and job.poll() is None, line)
    if job.wait(60):
        raise Wrong(f"the job failed: {(folder / 'job.log').read_text()}")
    last = [text for text in get(page).splitlines() if text.startswith("narthex_source_records_total{")]
    if len(last) != 1 or not last[0].endswith(" 3000") or "WARN" in (folder / "job.log").read_text():
        raise Wrong(f"the last push is not whole: {last} {(folder / 'job.log').read_text()}")
    line.say("the job has ended, and the last push has all of its records")

    def scraped():
        query = urllib.parse.urlencode({"query": "narthex_source_records_total" + GROUP})
        found = json.loads(get(f"http://127.0.0.1:{prometheus}/api/v1/query?{query}"))["data"]["result"]
        return [one["value"][1] for one in found] == ["3000"]

    until("Prometheus has them from there", 30, scraped, line)
    again = subprocess.run([narthex, "run", "--set", "metrics.push.delete-on-shutdown=true", "job.sql"], cwd=folder,
                           capture_output=True, text=True, timeout=60, check=False)
    if again.returncode or "narthex_source_records_total{" in get(page):
        raise Wrong(f"the group is still there: {again.stderr}")
    line.say("a job with metrics.push.delete-on-shutdown has taken the group back")


def main():
    line, processes = Timeline(), []
    with tempfile.TemporaryDirectory(prefix="narthex-pushgateway-") as folder:
        try:
            return verdict("the Pushgateway", lambda: run(line, pathlib.Path(folder), processes))
        finally:
            for process in processes:
                process.kill()
                process.wait()


if __name__ == "__main__":
    sys.exit(main())
