#!/usr/bin/env python3
"""What stateful queries cost: `narthex run` beside a real Flink 2.2, the same job files over the same generated events.

usage: bench/sql/shapes.py [--events 4000000] [--rounds 1] [--shape PART …] [--without-flink] [--narthex PATH]

Vehicle events (NDJSON), 30 % of them out of order, go through each job of shapes/. Once into files, whose rows must be
the same; then into `blackhole`, where user and system time of the whole process of either engine is taken, start-up
included, for N and for three times as many events: their difference is what an event more costs. The first job also runs
with all cores and held to one (taskset).
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile

from run import BLACKHOLE, HERE, Flink, Narthex, run, shown

FILES = "'connector' = 'filesystem',\n  'path' = '{}',\n  'format' = 'json'"


class Shapes:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder

    def generate(self, events):
        path = self.folder / f"events-{events}.json"
        with path.open("wb") as out:
            subprocess.run([self.binary, "generate", "--kind", "vehicles", "--devices", "10000", "--count", str(events),
                            "--out-of-order", "0.3"], stdout=out, stderr=subprocess.DEVNULL, check=True)
        return path

    def job(self, shape, events, sink):
        path = self.folder / "job.sql"
        path.write_text(shape.read_text().replace("${EVENTS}", str(events)).replace("${SINK}", sink))
        return path

    def rows(self, engine, shape, events):
        """How many rows an engine writes, and a hash of them in any order."""
        out = self.folder / "out"
        job = self.job(shape, events, FILES.format(out))
        # With a watermark behind every row, what is late does not depend on the clock.
        job.write_text("SET 'pipeline.auto-watermark-interval' = '0';\n" + job.read_text())
        run(engine.command(job, os.cpu_count()))
        files = [str(file) for file in out.rglob("*") if file.is_file()]
        command = "cat -- \"$@\" | LC_ALL=C sort | tee >(wc -l >&2) | sha256sum"
        done = subprocess.run(["bash", "-c", command, "_", *files], capture_output=True, text=True, check=True)
        subprocess.run(["rm", "-rf", out], check=True)
        return int(done.stderr or 0), done.stdout.split()[0]

    def cpu(self, engine, shape, events, cores=None, pinned=()):
        return run([*pinned, *engine.command(self.job(shape, events, BLACKHOLE), cores or os.cpu_count())])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--events", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--shape", action="append", default=[])
    parser.add_argument("--without-flink", action="store_true")
    target = os.environ.get("CARGO_TARGET_DIR", pathlib.Path.home() / ".cache/narthex/target")
    parser.add_argument("--narthex", default=f"{target}/release/narthex")
    arguments = parser.parse_args()
    wanted = [shape for shape in sorted((HERE / "shapes").glob("*.sql"))
              if not arguments.shape or any(part in shape.stem for part in arguments.shape)]
    with tempfile.TemporaryDirectory(prefix="narthex-shapes-") as folder:
        folder = pathlib.Path(folder)
        shapes = Shapes(arguments.narthex, folder)
        (folder / "classes").mkdir()
        engines = [Narthex(arguments.narthex)]
        if not arguments.without_flink:
            engines.append(Flink(folder / "classes"))
        few, many = arguments.events, 3 * arguments.events
        files = {count: shapes.generate(count) for count in (few, many)}
        sample = shapes.generate(min(few, 200_000))
        print(f"| job | rows of {min(few, 200_000)} events | " + " | ".join(
            f"{engine.name}: CPU s, {few} events | µs an event more" for engine in engines)
            + (" | with start-up | an event more |" if len(engines) == 2 else " |"))
        print("|---|---|" + "---|---|" * len(engines) + ("---|---|" if len(engines) == 2 else ""))
        for shape in wanted:
            rows = [shapes.rows(engine, shape, sample) for engine in engines]
            if len(set(rows)) != 1:
                raise SystemExit(f"{shape.stem}: the engines write different rows: {rows}")
            cpu = {(engine.name, count): [] for engine in engines for count in files}
            for _ in range(arguments.rounds):
                for count, path in files.items():
                    for engine in engines:
                        cpu[engine.name, count].append(shapes.cpu(engine, shape, path)[0])
            middle = {key: statistics.median(seconds) for key, seconds in cpu.items()}
            more = [(middle[engine.name, many] - middle[engine.name, few]) / (many - few) for engine in engines]
            cells = [f"{shown(cpu[engine.name, few])} | {each * 1e6:.2f}" for engine, each in zip(engines, more)]
            if len(engines) == 2:
                small = [middle[engine.name, few] for engine in engines]
                cells += [f"{small[1] / small[0]:.1f}", f"{more[1] / more[0]:.1f}"]
            print(f"| {shape.stem} | {rows[0][0]} | " + " | ".join(cells) + " |", flush=True)
        one = shapes.cpu(engines[0], wanted[0], files[many], 1, ("taskset", "-c", "0"))[1]
        all_cores = shapes.cpu(engines[0], wanted[0], files[many])[1]
        print(f"\n{wanted[0].stem}, {many} events: {one:.2f} s held to one core, {all_cores:.2f} s with {os.cpu_count()}: "
              f"{one / all_cores:.2f} times the throughput")
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
