#!/usr/bin/env python3
"""Flink's Table API in Python with the SQL jar by pipeline.jars, into a real Prometheus.

usage: python_table.py [--line 2.2] [--line 1.20] [--prometheus 3]

For each line (default: both) installs apache-flink from PyPI into a virtual environment in the cache, once, runs
job/table_job.py with it, and compares what is stored with what was generated.
Exit 0: equal; 1: not, or the package cannot be installed for this Python.
"""

import argparse
import pathlib
import subprocess
import sys
import time
import venv

from cluster import CACHE, FLINK, Wrong, run_lines, sql_jar
from servers import Prometheus, find_prometheus

SERIES = 8
STEPS = 250
INSTALL_SECONDS = 1200
JOB_SECONDS = 180


def interpreter(line):
    """The Python that has apache-flink of this line."""
    version = FLINK[line][0]
    home = CACHE / f"pyflink-{version}"
    python = home / "bin/python"
    works = [python, "-c", "import pyflink.table"]
    if not python.exists() or subprocess.run(works, stderr=subprocess.DEVNULL).returncode:
        print(f"flink {line}: installing apache-flink {version} from PyPI, once (half a gigabyte)", flush=True)
        venv.create(home, clear=True, with_pip=True)
        installed = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary",
             f"apache-flink=={version}"], timeout=INSTALL_SECONDS)
        if installed.returncode or subprocess.run(works).returncode:
            raise Wrong(f"apache-flink {version} cannot be installed for Python {sys.version.split()[0]}: see above")
    return python


def generated(start_ms):
    """Each series' samples, as job/table_job.py makes them."""
    return {f"room-{room}": [(start_ms + step * 1000, 2 * (step + room / 8)) for step in range(STEPS)]
            for room in range(SERIES)}


def run(line, processes, folder, server):
    python = interpreter(line)
    prometheus = Prometheus(server, processes, folder, f"python-{line}")
    start_ms = (int(time.time()) - 2 * STEPS) * 1000
    began = time.monotonic()
    job = processes.start("python-job", [
        python, pathlib.Path(__file__).parent / "job/table_job.py", sql_jar(line).resolve(), prometheus.url,
        str(start_ms), str(SERIES), str(STEPS)], cwd=folder)
    if job.wait(JOB_SECONDS):
        raise Wrong("the Python job failed")
    stored = {
        series["metric"]["room"]: [(round(at * 1000), float(value)) for at, value in series["values"]]
        for series in prometheus.query("python_ticks[1h]", start_ms + STEPS * 1000)}
    print(f"  apache-flink {FLINK[line][0]}, Prometheus {server.version}: {len(stored)} series, "
          f"{sum(map(len, stored.values()))} samples stored after {time.monotonic() - began:.1f} s, sum "
          f"{sum(value for each in stored.values() for _, value in each)}", flush=True)
    if stored != generated(start_ms):
        odd = [room for room, samples in generated(start_ms).items() if stored.get(room) != samples]
        raise Wrong(f"stored data are not equal to what was generated: {odd or sorted(stored)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--line", action="append", choices=FLINK)
    parser.add_argument("--prometheus", type=int, choices=(2, 3), default=3)
    arguments = parser.parse_args()
    server = find_prometheus(arguments.prometheus)
    return run_lines(arguments.line or FLINK, lambda line, processes, folder: run(line, processes, folder, server))


if __name__ == "__main__":
    sys.exit(main())
