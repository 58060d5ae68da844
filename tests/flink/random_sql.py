#!/usr/bin/env python3
"""Random data and random expressions on both engines, compared row by row: what narthex computes is what Flink does.

usage: random_sql.py [--seed N] [--rounds N | --seconds N] [--each N] [--rows N] [--topic NAME …]

Each round has rows and expressions of its own, made from its seed, which is printed; `--seed` of a round that failed
with `--rounds 1` is that round again. A difference that is not in known_differences.py fails the script.
"""

import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from cluster import Wrong, fetch_flink
from engines import LINE, Flink, Narthex
from expression_templates import TEMPLATES, fill
from expressions import Comparison
from known_differences import reason
from random_rows import RandomRows, declaration
from small_jobs import cookbook_jobs, event_time_jobs, job_differences, small_jobs
from sql_shapes import SHAPES, shape_difference

LONGEST_SHOWN = 600
TOPICS = [*TEMPLATES, "shapes", "jobs", "event-time"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=None, help="of the first round; the clock's seconds by default")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=0, help="begin rounds for as long; wins over --rounds")
    parser.add_argument("--each", type=int, default=2, help="expressions of each template (2)")
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--topic", action="append", choices=TOPICS)
    arguments = parser.parse_args()
    first = int(time.time()) if arguments.seed is None else arguments.seed
    began, number, unknown = time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory(prefix="narthex-both-") as folder:
        folder = pathlib.Path(folder)
        try:
            fetch_flink(LINE)
        except (OSError, subprocess.SubprocessError) as why:
            # With this variable, which CI sets, what is missing is a failure.
            is_required = os.environ.get("NARTHEX_REQUIRE_SERVERS") == "1"
            print(f"{'FAILED' if is_required else 'SKIPPED'}: both engines: Flink {LINE} cannot be had: {why}")
            return 1 if is_required else 0
        flink = Flink(folder)
        try:
            while number < arguments.rounds or time.monotonic() - began < arguments.seconds:
                unknown += play(folder, flink, Narthex(), first + number, arguments, number == 0)
                number += 1
        except Wrong as wrong:
            print(f"FAILED: {wrong}")
            return 1
        finally:
            flink.end()
    print(f"{number} rounds in {time.monotonic() - began:.0f} s, {unknown} differences that nobody knew of")
    return 1 if unknown else 0


def play(folder, flink, narthex, seed, arguments, is_first):
    """One round; returns how many differences are new."""
    round_folder = folder / str(seed)
    round_folder.mkdir()
    rows = RandomRows(random.Random(seed))
    data = round_folder / "t.json"
    data.write_text("".join(rows.line("rid", number) + "\n" for number in range(arguments.rows)))
    declared = declaration("rid", data)
    print(f"seed {seed}: {arguments.rows} rows", flush=True)
    new = 0
    for topic in arguments.topic or TOPICS:
        began = time.monotonic()
        # A seed of its own, so that a topic alone has the same expressions.
        source = random.Random(f"{seed} {topic}")
        parallelism = source.choice([1, 2])
        if topic == "shapes":
            found = [difference for shape in SHAPES
                     if (difference := shape_difference(flink, narthex, declared, shape, source, round_folder, parallelism))]
            count = len(SHAPES)
        elif topic == "jobs":
            # They have no random part: once is enough.
            jobs = [*small_jobs(), *cookbook_jobs()] if is_first else []
            found = list(job_differences(flink, narthex, round_folder, parallelism, jobs))
            count = len(jobs)
        elif topic == "event-time":
            jobs, parallelism, found = event_time_jobs(source), "1 and 2", []
            for tasks in (1, 2):
                differences = job_differences(flink, narthex, round_folder / "events", tasks, jobs, are_rows_random=True)
                found += [difference._replace(expression=f"{difference.expression} at parallelism {tasks}") for difference in differences]
            count = 2 * len(jobs)
        else:
            expressions = [fill(source, template) for template in TEMPLATES[topic] for _ in range(arguments.each)]
            count = len(expressions)
            found = list(Comparison(flink, narthex, declared, round_folder, parallelism=parallelism).differences(expressions))
        known = [difference for difference in found if reason(difference)]
        print(f"  {topic}: {count} at parallelism {parallelism}, {len(known)} differ as known, "
              f"{len(found) - len(known)} otherwise; {time.monotonic() - began:.0f} s", flush=True)
        for difference in found:
            if difference not in known:
                tell(difference)
        new += len(found) - len(known)
    return new


def tell(difference):
    print(f"    {difference.what}: {difference.expression}")
    for who, what in (("flink", difference.flink), ("narthex", difference.narthex)):
        text = "; ".join(f"row {key}: {value!r}" for key, value in what.items()) if isinstance(what, dict) else what
        print(f"      {who}: {text[:LONGEST_SHOWN]}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
