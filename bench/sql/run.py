#!/usr/bin/env python3
"""What a row costs from a file to a receiver: `narthex run` beside a real Flink 2.2 with narthex's jar, same job file.

usage: bench/sql/run.py [--events 4000000] [--rounds 3] [--without-flink] [--narthex PATH]

The same generated file of vehicle events (NDJSON) goes through vehicles.sql (a filter, a CASE, three labels) into
`narthex receive --discard`, which decodes everything and keeps nothing. Printed is user and system time of the whole
process of either engine, start-up included, for N and for three times as many events; their difference is what an
event more costs. Then into `blackhole` with all cores, and held to one (taskset). Engines take turns; each figure is
the median of the rounds, with the least and the most. The receiver's own time does not count. A run whose samples
did not all arrive is an error. `make bench-sql` builds what it needs (release) and runs it.
"""

import argparse
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path.insert(0, str(REPOSITORY / "tests/flink"))

from cluster import JVM, fetch_flink, sql_jar  # noqa: E402

PROMETHEUS = """'connector' = 'prometheus',
  'metric.endpoint-url' = '{url}',
  'metric.name' = 'name',
  'metric.sample.key' = 'value',
  'metric.sample.timestamp' = 'rt'"""
BLACKHOLE = "'connector' = 'blackhole'"


class Narthex:
    name = "narthex"

    def __init__(self, binary):
        self.binary = binary

    def command(self, job, cores):
        return [self.binary, "run", "--set", f"parallelism.default={cores}", job]


class Flink:
    name = "Flink 2.2"

    def __init__(self, folder):
        lib = ":".join(map(str, sorted((fetch_flink("2.2") / "lib").glob("*.jar"))))
        self.classes = f"{folder}:{sql_jar('2.2')}:{lib}"
        subprocess.run(["javac", "-nowarn", "-cp", self.classes, "-d", folder, HERE / "RunSql.java"], check=True)
        (folder / "log4j2.properties").write_text("rootLogger.level = OFF\n")
        self.options = [f"-Dlog4j.configurationFile={folder}/log4j2.properties"]

    def command(self, job, cores):
        return ["java", "-Xmx2g", *JVM, *self.options, "-cp", self.classes, "RunSql", job, "1"]


class Receiver:
    """Decodes, counts, keeps nothing."""

    def __init__(self, binary):
        self.process = subprocess.Popen([binary, "receive", "--discard"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.url = re.search(r"http://\S+", self.process.stderr.readline())[0]
        if not self.url.endswith("/write"):
            self.url += "/api/v1/write"

    def end(self):
        """The samples that came."""
        self.process.terminate()
        said = self.process.communicate(timeout=30)[1]
        return int(re.search(r"^samples\s+(\d+)", said, re.MULTILINE)[1])


def run(command):
    """CPU and wall seconds of a process."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, wall


class Bench:
    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder

    def generate(self, events):
        path = self.folder / f"events-{events}.json"
        with path.open("wb") as out:
            subprocess.run([self.binary, "generate", "--kind", "vehicles", "--devices", "10000", "--count", str(events)],
                           stdout=out, stderr=subprocess.DEVNULL, check=True)
        print(f"{events} events of {path.stat().st_size / events:.0f} bytes", flush=True)
        return path

    def job(self, events, sink):
        text = (HERE / "vehicles.sql").read_text().replace("${EVENTS}", str(events)).replace("${SINK}", sink)
        path = self.folder / "job.sql"
        path.write_text(text)
        return path

    def into_receiver(self, engine, events, cores):
        """CPU seconds, and the samples that came."""
        receiver = Receiver(self.binary)
        try:
            cpu, _ = run(engine.command(self.job(events, PROMETHEUS.format(url=receiver.url)), cores))
        finally:
            samples = receiver.end()
        return cpu, samples

    def into_blackhole(self, engine, events, cores):
        """CPU and wall seconds."""
        pinned = ["taskset", "-c", "0"] if cores == 1 else []
        return run(pinned + engine.command(self.job(events, BLACKHOLE), cores))


def shown(figures):
    return f"{statistics.median(figures):.3f} ({min(figures):.3f} to {max(figures):.3f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--events", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-flink", action="store_true")
    target = os.environ.get("CARGO_TARGET_DIR", pathlib.Path.home() / ".cache/narthex/target")
    parser.add_argument("--narthex", default=f"{target}/release/narthex")
    arguments = parser.parse_args()
    cores = os.cpu_count()
    with tempfile.TemporaryDirectory(prefix="narthex-bench-") as folder:
        bench = Bench(arguments.narthex, pathlib.Path(folder))
        (bench.folder / "classes").mkdir()
        engines = [Narthex(arguments.narthex)]
        if not arguments.without_flink:
            engines.append(Flink(bench.folder / "classes"))
        few, many = arguments.events, 3 * arguments.events
        files = {count: bench.generate(count) for count in (few, many)}
        cpu = {(engine.name, count): [] for engine in engines for count in files}
        walls = {1: [], cores: []}
        for _ in range(arguments.rounds):
            for count, path in files.items():
                came = set()
                for engine in engines:
                    seconds, samples = bench.into_receiver(engine, path, cores)
                    came.add(samples)
                    cpu[engine.name, count].append(seconds)
                if len(came) != 1 or came == {0}:
                    raise SystemExit(f"the engines wrote different numbers of samples: {came}")
            for threads in walls:
                walls[threads].append(bench.into_blackhole(engines[0], files[many], threads)[1])
        print(f"load of the machine: {os.getloadavg()[0]:.1f}; {came.pop()} of {many} events pass the filter\n")
        print("| engine | CPU s, {} events | CPU s, {} events | µs an event | µs an event more |".format(few, many))
        print("|---|---|---|---|---|")
        more = {}
        for engine in engines:
            small, large = cpu[engine.name, few], cpu[engine.name, many]
            more[engine.name] = (statistics.median(large) - statistics.median(small)) / (many - few)
            print(f"| {engine.name} | {shown(small)} | {shown(large)} | {statistics.median(small) / few * 1e6:.2f} "
                  f"| {more[engine.name] * 1e6:.2f} |")
        if len(engines) == 2:
            ours, theirs = (statistics.median(cpu[engine.name, few]) for engine in engines)
            print(f"\nFlink takes {theirs / ours:.1f} times the CPU seconds, start-up included; "
                  f"{more[engines[1].name] / more[engines[0].name]:.1f} times for each event more")
        print(f"\ninto blackhole, {many} events: {shown(walls[1])} s held to one core, {shown(walls[cores])} s "
              f"with {cores}: {statistics.median(walls[1]) / statistics.median(walls[cores]):.2f} times the throughput")


if __name__ == "__main__":
    main()
