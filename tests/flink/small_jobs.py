"""The jobs of small_jobs.txt and event_time_jobs.txt on both engines: they end alike, and write the same rows."""

import functools
import json
import pathlib
import random
import re

from engines import canonical, written
from expressions import Difference, same, shown

HERE = pathlib.Path(__file__).resolve().parent
JOBS = [HERE / "small_jobs.txt", HERE / "event_time_jobs.txt"]

ROWS = """\
{"id":1,"i":7,"l":70,"s":"abc","d":2.5,"b":true,"ts":"2024-05-06 07:08:09.123","dt":"2024-05-06","a":[1,2,3],"m":{"k":"v"},"r":{"x":1,"y":"q"}}
{"id":2}
{"id":3,"i":-7,"l":-70,"s":"","d":-0.5,"b":false,"ts":"1969-12-31 23:59:59.5","dt":"1969-12-31","a":[],"m":{},"r":{"x":null,"y":""}}
"""
TABLE = ("CREATE TABLE t (id INT, i INT, l BIGINT, s STRING, d DOUBLE, b BOOLEAN, ts TIMESTAMP(3), dt DATE, a ARRAY<INT>, "
         "m MAP<STRING, STRING>, r ROW<x INT, y STRING>) WITH "
         "('connector' = 'filesystem', 'path' = '${CASE}/in/t.json', 'format' = 'json');\n")
EVENTS = ("CREATE TABLE {} (id INT, k STRING, v INT, d DOUBLE, p DECIMAL(8, 2), a ARRAY<INT>, ms BIGINT, "
          "rt AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR rt AS rt - INTERVAL '{}' SECOND) WITH "
          "('connector' = 'filesystem', 'path' = '${{CASE}}/in/e.json', 'format' = 'json');\n")
# As the golden cases with late rows are made: a watermark behind every row, nothing that holds it back.
LATE = ("SET 'pipeline.auto-watermark-interval' = '0';\nSET 'table.exec.resource.default-parallelism' = '1';\n"
        + EVENTS.format("l", "1"))
SINK = "CREATE TABLE o ({}) WITH ('connector' = 'filesystem', 'path' = '${{CASE}}/out/o', 'format' = '{}'{});\n"


@functools.cache
def events():
    """A minute of events, each up to 4.9 s behind the newest; keys and values are null at times, times are repeated."""
    draw, newest, rows = random.Random(1), 1_700_000_000_000, []
    for number in range(120):
        newest += draw.choice([0, 100, 400, 500, 1_300])
        behind = draw.choice([0, 0, 0, 200, 1_000, 2_500, 4_900])
        rows.append({"id": number, "k": draw.choice(["a", "b", "c", None, "ä"]), "v": draw.choice([None, *range(0, 40)]),
                     "d": round(draw.uniform(-5, 5), 2), "p": str(round(draw.uniform(-99, 99), 2)),
                     "a": draw.choice([[], [1], [1, 2], [2, None]]), "ms": newest - behind})
    return "".join(json.dumps(row) + "\n" for row in rows)


def small_jobs():
    """Name, why it differs if it does, text, files."""
    for block in [block for jobs in JOBS for block in re.split(r"^## ", jobs.read_text(), flags=re.M)[1:]]:
        title, _, body = block.partition("\n")
        files = dict(re.findall(r"^@@ (\S+)\n(.*?)^@@\n", body + "\n", re.M | re.S))
        body = re.sub(r"^@@ (\S+)\n(.*?)^@@\n", "", body + "\n", flags=re.M | re.S)
        for mark, file_format in (("O", "json"), ("C", "csv")):
            body = re.sub(rf"\${mark}\[(.*?)\](?:\{{(.*?)\}})?", lambda found: SINK.format(
                found[1], file_format, f", {found[2]}" if found[2] else ""), body)
        name, _, why = title.partition(" differs: ")
        for mark, table in (("$T", TABLE), ("$E", EVENTS.format("e", "5")), ("$L", LATE)):
            body = body.replace(mark, table)
        yield name, why, body, {"t.json": ROWS, "e.json": events(), **files}


def job_differences(flink, narthex, folder, parallelism):
    """Differences that are not told in the file, and those that are told and are none."""
    asked = []
    for number, (name, why, text, files) in enumerate(small_jobs()):
        case = folder / f"job-{number}"
        (case / "in").mkdir(parents=True)
        for file, content in files.items():
            (case / "in" / file).write_text(content)
        ended = {}
        for who, engine in (("flink", flink), ("narthex", narthex)):
            place = case / who
            place.mkdir()
            (place / "job.sql").write_text(text.replace("${CASE}/out", str(place / "out")).replace("${CASE}", str(case)))
            ended[who] = engine.run(place / "job.sql", parallelism)
        asked.append((name, why, case, ended))
    for name, why, case, ended in asked:
        ended = {who: future.result() for who, future in ended.items()}
        rows = {who: rows_of(case / who / "out") if ended[who].how == "ok" else [] for who in ended}
        alike = ended["flink"].how == ended["narthex"].how and len(rows["flink"]) == len(rows["narthex"]) and all(
            map(same, rows["flink"], rows["narthex"]))
        if alike and why:
            yield Difference(name, "told", f"differs: {why}", "it does not differ any more; see its .txt")
        elif not alike and not why:
            yield Difference(name, "job", f"{shown(ended['flink'])} {rows['flink']}", f"{shown(ended['narthex'])} {rows['narthex']}")


def rows_of(folder):
    return [parsed(line) for table in written(folder).values() for line in sorted(map(canonical, table))]


def parsed(line):
    try:
        return json.loads(line)
    except ValueError:
        return line
