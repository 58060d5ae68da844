#!/usr/bin/env python3
"""Jobs that write to Prometheus, on this engine and on a real Flink with narthex's jar: what receivers hold is equal.

usage: prometheus_twins.py [--case PART …]

The jobs: demo/vehicles.sql, those of prometheus_jobs/, and each golden case that is computed row by row, its sinks
swapped for tables of the connector `prometheus`. Both engines run each job at parallelism 1 into a `narthex receive` of
its own. Compared are labels, times, the bits of the values, and the sinks' ledgers.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import urllib.request

from cluster import REPOSITORY, Processes, Wrong, sql_jar, wait_for
from engines import LINE, Flink, Narthex

GOLDEN = REPOSITORY / "tests/flink/golden/cases"
# As in crates/cli/tests/golden: cases that need event time, aggregates, joins or windows.
NEEDS_TIME = [(57, 105), (109, 129), (139, 145), (149, 169), (183, 183), (195, 201), (209, 213), (239, 239)]
LEAST_GOLDEN = 20
# Around its query, Flink takes a constant for another: ROUND(PI(), 8) is 3.141592653589793 there, and 3.14159265 in the
# case itself.
FLINK_DIFFERS_FROM_ITSELF = "015-double-math"
EVENTS = 5_000
# Times in the cases lie decades apart.
WINDOW = "'sink.out-of-order-window' = 'unlimited'"
RECEIVER_WINDOW = "100000000 h"

TABLE = re.compile(r"CREATE TABLE (\w+) \((.*)\) WITH \([^)]*\$\{CASE\}/out/[^)]*\)\s*$", re.S)
INSERT = re.compile(r"INSERT INTO (\w+)\b(\s*\([^()]*\)(?=\s*(?:SELECT|VALUES|WITH)))?(.*)", re.S)
FLOATS = ("DOUBLE", "FLOAT", "DECIMAL")
INTEGERS = ("BIGINT", "INT", "SMALLINT", "TINYINT")
NESTED = ("ARRAY", "MAP", "ROW", "MULTISET")
CHECKED = ("received", "written", "replayed", "rejected", "dropped", "pending")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", help="a part of a job's name")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="narthex-twins-") as folder:
        folder = pathlib.Path(folder)
        processes = Processes(folder)
        flink = None
        try:
            jobs = dict(all_jobs(folder))
            wanted = {name: text for name, text in jobs.items() if any(part in name for part in arguments.case or [""])}
            flink = Flink(folder, jars=[sql_jar(LINE)], workers=1)
            return compare_all(wanted, folder, processes, flink, Narthex())
        except (Wrong, subprocess.SubprocessError) as wrong:
            print(f"FAILED: {wrong}")
            return 1
        finally:
            if flink:
                flink.end()
            processes.end_all()


def all_jobs(folder):
    """Names and texts; what is left open in a text is the receiver."""
    events = folder / "events.json"
    with open(events, "wb") as out:
        subprocess.run([Narthex().binary, "generate", "--kind", "vehicles", "--positions", "--count", str(EVENTS), "--devices", "50",
                        "--seed", "7", "--gps-jump", "0.01"], stdout=out, check=True)
    vehicles = (REPOSITORY / "demo/vehicles.sql").read_text().replace("${env:EVENTS}", str(events))
    vehicles = vehicles.replace("${env:MODELS}", str(REPOSITORY / "demo/models.json"))
    yield "demo/vehicles.sql", vehicles.replace("${env:RECEIVER}", "${URL}").replace(
        "'connector' = 'prometheus',", f"'connector' = 'prometheus', {WINDOW},")
    for job in sorted((REPOSITORY / "tests/flink/prometheus_jobs").glob("*.sql")):
        text = job.read_text().replace("${CASE}", str(job.parent))
        options = f"'connector' = 'prometheus', 'metric.endpoint-url' = '${{URL}}/api/v1/write', {WINDOW}"
        yield f"prometheus_jobs/{job.name}", text.replace("${PROMETHEUS}", options)
    for case in sorted(GOLDEN.iterdir()):
        number = int(case.name[:3])
        is_late = any(first <= number <= last for first, last in NEEDS_TIME)
        if not is_late and case.name != FLINK_DIFFERS_FROM_ITSELF and "(error at" not in (case / "about.txt").read_text():
            yield f"golden/{case.name}", swapped((case / "job.sql").read_text(), case)


def swapped(text, case):
    """A golden case whose tables of files are tables of Prometheus."""
    text = text.replace("${CASE}/in", str(case / "in"))
    twins, statements = {}, []
    for statement in re.split(r";\s*(?:\n|$)", text):
        statement = statement.strip()
        table, insert = TABLE.match(statement), INSERT.match(statement)
        if table:
            twins[table[1]] = Twin(table[1], parts(table[2]), case.name)
            statement = twins[table[1]].table()
        elif insert:
            statement = twins[insert[1]].insert(insert[2], insert[3])
        statements.append(statement)
    return "".join(f"{statement};\n" for statement in statements if statement)


def parts(columns):
    """Names and types of the columns of a table."""
    depth, part, listed = 0, "", []
    for character in columns + ",":
        depth += {"(": 1, "<": 1, ")": -1, ">": -1}.get(character, 0)
        if character == "," and depth == 0:
            name, declared = re.match(r"\s*(`[^`]*`|\S+)\s+(.*)", part, re.S).groups()
            listed.append((name, declared))
            part = ""
        else:
            part += character
    return listed


class Twin:
    """A table of Prometheus for rows of these columns: one is the value, one the time, the others are labels.

    What no column can be is added: a value, or a time, which for some tables lies before 1970. What is nested becomes
    text, but for one map of texts.
    """

    def __init__(self, name, columns, case):
        self.name = name
        self.columns = columns
        self.metric = re.sub(r"\W", "_", f"twin_{case}_{name}")
        self.value = self.first(FLOATS) or self.first(INTEGERS)
        self.time = self.first(("TIMESTAMP",))
        self.map = next((column for column, declared in columns if declared == "MAP<STRING, STRING>"), None)
        self.extra = [] if self.value else ["`twin value` DOUBLE"]
        self.extra += [] if self.time else ["`twin time` BIGINT"]
        before_1970 = random.Random(self.metric).random() < 0.5
        self.added = [] if self.value else ["1.5E0"]
        self.added += [] if self.time else ["CAST(-1000 AS BIGINT)" if before_1970 else "CAST(1700000000000 AS BIGINT)"]
        if self.value and not self.time:
            # All rows at one time: each value is a series of its own, for rows of a UNION come in any order.
            self.extra.append("twin_row STRING")
            self.added.append(f"CAST({self.value} AS STRING)")

    def first(self, types):
        return next((column for column, declared in self.columns if declared.startswith(types) and column != "id"), None)

    def is_text(self, column):
        return dict(self.columns)[column].startswith(NESTED) and column != self.map

    def table(self):
        declared = [f"{column} {'STRING' if self.is_text(column) else kind}" for column, kind in self.columns] + self.extra
        options = {
            "connector": "prometheus", "metric.endpoint-url": "${URL}/api/v1/write", "metric.name.literal": self.metric,
            "metric.sample.key": (self.value or "twin value").strip("`"),
            "metric.sample.timestamp": (self.time or "twin time").strip("`"), "sink.name-validation": "utf8"}
        if self.map:
            options["metric.label.map"] = self.map.strip("`")
        written = ", ".join(f"'{key}' = '{value}'" for key, value in options.items())
        return f"CREATE TABLE {self.name} ({', '.join(declared)}) WITH ({written}, {WINDOW})"

    def insert(self, listed, query):
        columns = [each.strip() for each in listed.strip(" ()\n").split(",")] if listed else [name for name, _ in self.columns]
        chosen = [f"CAST({column} AS STRING)" if self.is_text(column) else column for column in columns]
        extra = [each.rsplit(" ", 1)[0] for each in self.extra]
        into = f" ({', '.join(columns + extra)})" if listed else ""
        text = f"CAST({self.value} AS STRING)"
        added = ["CAST(NULL AS STRING)" if each == text and self.value not in columns else each for each in self.added]
        return (f"INSERT INTO {self.name}{into} SELECT {', '.join(chosen + added)} FROM (\n{query}\n) "
                f"AS q ({', '.join(columns)})")


def compare_all(jobs, folder, processes, flink, narthex):
    wrong, golden, seen = [], 0, collections.Counter()
    for number, (name, text) in enumerate(jobs.items()):
        try:
            held, ledger = compare(f"{number:03}", text, folder, processes, flink, narthex)
        except Wrong as different:
            wrong.append(name)
            print(f"{name}: {different}", flush=True)
            continue
        golden += name.startswith("golden/")
        samples = sum(len(series["samples"]) for series in held)
        notice(held, ledger, seen)
        print(f"{name}: {len(held)} series, {samples} samples held by both; dropped {ledger['dropped']}", flush=True)
    print(f"{len(jobs) - len(wrong)} of {len(jobs)} jobs are equal, {golden} of them golden cases; "
          f"among their samples: {dict(seen)}")
    if len(jobs) > LEAST_GOLDEN and (golden < LEAST_GOLDEN or len(seen) < 4):
        print("FAILED: too few golden cases, or kinds of values that never came")
        return 1
    return 1 if wrong else 0


def notice(held, ledger, seen):
    for series in held:
        for time, value in series["samples"]:
            seen["NaN"] += value == "NaN"
            seen["infinite"] += value in ("+Inf", "-Inf")
            seen["before 1970"] += time < 0
    seen["dropped nulls"] += ledger["dropped"].get("null", 0)
    for kind in [kind for kind in seen if not seen[kind]]:
        del seen[kind]


def compare(number, text, folder, processes, flink, narthex):
    """What both receivers hold, and the ledger; an error when they differ."""
    ledger_file = folder / f"{number}.ledger.json"
    found = {}
    for engine in ("flink", "narthex"):
        receiver = f"receiver-{number}-{engine}"
        processes.start(receiver, [narthex.binary, "receive", "--out-of-order-window", RECEIVER_WINDOW])
        url = wait_for("the receiver", lambda: (
            line := re.search(r"listening on (\S+)", processes.log(receiver).read_text())) and line[1], pause=0.02)
        file = folder / f"{number}.{engine}.sql"
        file.write_text(text.replace("${URL}", url))
        logged = flink.log.stat().st_size
        if engine == "flink":
            ended = flink.run(file).result()
            ledgers = re.findall(r"the sink of subtask .* is closed: (.*)", flink.log.read_text()[logged:])
            ledger = total(map(json.loads, ledgers))
        else:
            ended = narthex.run(file, more=["--ledger", ledger_file]).result()
            ledger = total([json.loads(line) for line in ledger_file.read_text().splitlines()]) if ledger_file.exists() else {}
        if ended.how != "ok":
            raise Wrong(f"{engine} ended with {ended.how}: {ended.message[-1500:]}")
        with urllib.request.urlopen(f"{url}/dump", timeout=30) as dump:
            held = [json.loads(line, parse_float=str, parse_int=str) for line in dump.read().splitlines()]
        processes.end(receiver)
        found[engine] = (sorted(map(series_key, held)), ledger)
    for what, theirs, ours in zip(("series", "ledger"), found["flink"], found["narthex"]):
        if theirs != ours:
            raise Wrong(f"{what} differ: {first_difference(theirs, ours)}")
    series = [{"labels": labels, "samples": [(int(time), value) for time, value in samples]}
              for labels, samples in found["narthex"][0]]
    return series, found["narthex"][1]


def series_key(series):
    return json.dumps(series["labels"], sort_keys=True), [tuple(map(str, sample)) for sample in series["samples"]]


def total(ledgers):
    """The sum of several sinks, of what does not depend on how rows become requests."""
    sums = {key: collections.Counter() if key in ("rejected", "dropped") else 0 for key in CHECKED}
    for ledger in ledgers:
        for key in CHECKED:
            sums[key] = sums[key] + (collections.Counter(ledger[key]) if key in ("rejected", "dropped") else ledger[key])
    return sums


def first_difference(theirs, ours):
    if isinstance(theirs, dict):
        return f"flink {theirs}, narthex {ours}"
    for their, our in zip(theirs + [None], ours + [None]):
        if their != our:
            # Of two series with the same labels, the sample.
            if their and our and isinstance(their[1], list) and their[0] == our[0]:
                return f"{their[0]}: {first_difference(their[1], our[1])}"
            return f"flink {str(their)[:700]}, narthex {str(our)[:700]}"
    return f"{len(theirs)} and {len(ours)}"


if __name__ == "__main__":
    sys.exit(main())
