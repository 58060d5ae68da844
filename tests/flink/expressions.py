"""Expressions over one table on both engines: who takes them, with which type, and the value in each row."""

import collections
import json
import math
import pathlib
import re
import tempfile

from cluster import Wrong
from engines import canonical, written

# What differs in one expression. `what` is "plan", "type", "value" or "failure".
Difference = collections.namedtuple("Difference", "expression what flink narthex")

# Types that the JSON format does not write.
UNWRITABLE = re.compile(r"INTERVAL|RAW|MULTISET|MAP<(?!VARCHAR|CHAR)|NULL")

SINK = """
CREATE TABLE o ({columns}) WITH ('connector' = 'filesystem', 'path' = '${{OUT}}/o', 'format' = 'json');
INSERT INTO o
SELECT {key},
{expressions}
FROM t;
"""


class Comparison:
    """`declarations` create the table `t`, whose column `key` numbers its rows."""

    def __init__(self, flink, narthex, declarations, folder, key="rid", parallelism=1):
        self.flink = flink
        self.narthex = narthex
        self.declarations = declarations
        self.folder = folder
        self.key = key
        self.parallelism = parallelism

    def scratch(self):
        return pathlib.Path(tempfile.mkdtemp(dir=self.folder))

    def differences(self, expressions):
        """All of them, in no order."""
        expressions = list(dict.fromkeys(" ".join(each.split()) for each in expressions))
        flinks = dict(zip(expressions, self.flink.types(self.declarations, expressions, self.scratch())))
        ours = self.narthex_types(expressions)
        runnable = []
        for each in expressions:
            theirs, our = flinks[each], ours[each]
            if theirs.startswith("!") != our.startswith("!"):
                yield Difference(each, "plan", theirs, our)
            elif not theirs.startswith("!"):
                summary, declared = theirs.split("\t")
                if summary != our:
                    yield Difference(each, "type", summary, our)
                runnable.append((each, sink_column(each, declared)))
        yield from self.run(runnable)

    def narthex_types(self, expressions):
        """The type that TYPEOF tells of each, or "!" and the mistake."""
        told, left = {}, list(expressions)
        while left:
            sink = SINK.format(columns=self.columns(["STRING"] * len(left)), key=self.key,
                               expressions=",\n".join(f"TYPEOF({each})" for each in left))
            folder = self.scratch()
            ended = self.narthex.run(self.file(folder, self.declarations + sink)).result()
            if ended.how == "ok":
                rows = written(folder)["o"]
                row = json.loads(rows[0])
                told.update((each, row[f"e{at}"]) for at, each in enumerate(left))
                break
            first = (self.declarations + sink).count("\n", 0, (self.declarations + sink).index("SELECT ")) + 2
            refused = {}
            for line, message in mistakes(ended.message):
                if 0 <= line - first < len(left):
                    refused.setdefault(left[line - first], message)
            if not refused:
                raise Wrong(f"narthex: {ended}")
            told.update((each, "!" + message) for each, message in refused.items())
            left = [each for each in left if each not in refused]
        return told

    def columns(self, types):
        return ", ".join([f"{self.key} INT", *(f"e{at} {each}" for at, each in enumerate(types))])

    def file(self, folder, text):
        file = folder / "job.sql"
        file.write_text(text.replace("${OUT}", str(folder)))
        return file

    def run(self, runnable):
        """Differences in what is written; where a job fails, its halves are tried."""
        if not runnable:
            return
        text = self.declarations + SINK.format(
            columns=self.columns([column for _, (column, _) in runnable]), key=self.key,
            expressions=",\n".join(expression for _, (_, expression) in runnable))
        theirs, ours = self.scratch(), self.scratch()
        flink = self.flink.run(self.file(theirs, text), self.parallelism)
        narthex = self.narthex.run(self.file(ours, text), self.parallelism)
        flink, narthex = flink.result(), narthex.result()
        if flink.how == narthex.how == "ok":
            yield from self.rows(runnable, written(theirs).get("o", []), written(ours).get("o", []))
        elif len(runnable) > 1:
            half = len(runnable) // 2
            yield from self.run(runnable[:half])
            yield from self.run(runnable[half:])
        elif "ok" in (flink.how, narthex.how):
            yield Difference(runnable[0][0], "failure", shown(flink), shown(narthex))

    def rows(self, runnable, theirs, ours):
        theirs, ours = by_key(theirs, self.key), by_key(ours, self.key)
        if theirs.keys() != ours.keys():
            raise Wrong(f"rows {sorted(theirs)} of Flink, {sorted(ours)} of narthex")
        for at, (expression, _) in enumerate(runnable):
            wrong = {key: (theirs[key].get(f"e{at}"), ours[key].get(f"e{at}")) for key in theirs
                     if not same(theirs[key].get(f"e{at}"), ours[key].get(f"e{at}"))}
            if wrong:
                yield Difference(expression, "value", {key: each for key, (each, _) in wrong.items()},
                                 {key: each for key, (_, each) in wrong.items()})


def sink_column(expression, declared):
    """The type of the sink's column and what is written into it."""
    declared = re.sub(r" NOT NULL", "", declared)
    if UNWRITABLE.search(declared):
        return "STRING", f"CAST({expression} AS STRING)"
    return declared, expression


def by_key(lines, key):
    rows = {}
    for line in lines:
        row = json.loads(canonical(line))
        rows[int(float(row[key].removeprefix("number ")))] = row
    return rows


def same(their, our):
    """Floats with as many digits as they can have are compared as floats: Java writes some with a digit too many."""
    if their == our:
        return True
    if isinstance(their, list) and isinstance(our, list) and len(their) == len(our):
        return all(map(same, their, our))
    if isinstance(their, dict) and isinstance(our, dict) and their.keys() == our.keys():
        return all(same(their[key], our[key]) for key in their)
    texts = [each.removeprefix("number ") for each in (their, our) if isinstance(each, str) and each.startswith("number ")]
    if len(texts) != 2:
        return False
    digits = max(len(text.split("E")[0].lstrip("-").replace(".", "")) for text in texts)
    first, second = map(float, texts)
    return digits >= 16 and first == second or digits in (8, 9) and math.isclose(first, second, rel_tol=1e-7)


def mistakes(said):
    """(line, message) of each mistake that narthex tells."""
    return [(int(line), message) for line, message in re.findall(r"^\S+?:(\d+):\d+: (.*)$", said, re.M)]


def shown(ended):
    return ended.how if ended.how == "ok" else f"{ended.how}: {ended.message}"
