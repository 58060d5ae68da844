"""The jobs of small_jobs.txt or event_time_jobs.txt on both engines: they end alike, and write the same rows."""

import json
import pathlib
import re

import event_time
from engines import canonical, written
from expressions import Difference, same, shown

COOKBOOK = pathlib.Path(__file__).resolve().parents[2] / "docs/cookbook"
JOBS = pathlib.Path(__file__).resolve().parent / "small_jobs.txt"

ROWS = """\
{"id":1,"i":7,"l":70,"s":"abc","d":2.5,"b":true,"ts":"2024-05-06 07:08:09.123","dt":"2024-05-06","a":[1,2,3],"m":{"k":"v"},"r":{"x":1,"y":"q"}}
{"id":2}
{"id":3,"i":-7,"l":-70,"s":"","d":-0.5,"b":false,"ts":"1969-12-31 23:59:59.5","dt":"1969-12-31","a":[],"m":{},"r":{"x":null,"y":""}}
"""
TABLE = ("CREATE TABLE t (id INT, i INT, l BIGINT, s STRING, d DOUBLE, b BOOLEAN, ts TIMESTAMP(3), dt DATE, a ARRAY<INT>, "
         "m MAP<STRING, STRING>, r ROW<x INT, y STRING>) WITH "
         "('connector' = 'filesystem', 'path' = '${CASE}/in/t.json', 'format' = 'json');\n")
SINK = "CREATE TABLE o ({}) WITH ('connector' = 'filesystem', 'path' = '${{CASE}}/out/o', 'format' = '{}'{});\n"


def small_jobs():
    """Name, why it differs if it does, text, files."""
    return list(read(JOBS, {"$T": TABLE}, {"t.json": ROWS}))


def event_time_jobs(draw):
    """The same of those whose rows are random."""
    return list(read(event_time.JOBS, event_time.MARKS, event_time.files(draw)))


def cookbook_jobs():
    """The same of docs/cookbook."""
    for case in sorted(path for path in COOKBOOK.iterdir() if path.is_dir()):
        files = {file.name: file.read_text() for file in (case / "in").iterdir()}
        yield case.name, "", (case / "job.sql").read_text(), files


def read(jobs, marks, common):
    for block in re.split(r"^## ", jobs.read_text(), flags=re.M)[1:]:
        title, _, body = block.partition("\n")
        files = dict(re.findall(r"^@@ (\S+)\n(.*?)^@@\n", body + "\n", re.M | re.S))
        body = re.sub(r"^@@ (\S+)\n(.*?)^@@\n", "", body + "\n", flags=re.M | re.S)
        for mark, file_format in (("O", "json"), ("C", "csv")):
            body = re.sub(rf"\${mark}\[(.*?)\](?:\{{(.*?)\}})?", lambda found: SINK.format(
                found[1], file_format, f", {found[2]}" if found[2] else ""), body)
        name, _, why = title.partition(" differs: ")
        for mark, table in marks.items():
            body = body.replace(mark, table)
        yield name, why, body, {**common, **files}


def job_differences(flink, narthex, folder, parallelism, jobs, are_rows_random=False):
    """Differences that are not told in the file, and those that are told and are none; random rows may hide them."""
    asked = []
    for number, (name, why, text, files) in enumerate(jobs):
        case = folder / f"job-{parallelism}-{number}"
        (case / "in").mkdir(parents=True)
        for file, content in files.items():
            (case / "in" / file).parent.mkdir(exist_ok=True)
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
        if alike and why and not are_rows_random:
            yield Difference(name, "told", f"differs: {why}", "it does not differ any more; see its .txt")
        elif not alike and not why:
            only = {who: list(rows_without(rows[who], rows[other])) for who, other in (("flink", "narthex"), ("narthex", "flink"))}
            yield Difference(name, "job", *(f"{shown(ended[who])}, {len(rows[who])} rows, {len(only[who])} that only it has: "
                                            f"{only[who][:20]}" for who in ("flink", "narthex")))


def rows_without(rows, others):
    """The rows that are not among the others."""
    left = list(others)
    for row in rows:
        at = next((at for at, other in enumerate(left) if same(row, other)), None)
        if at is None:
            yield row
        else:
            left.pop(at)


def rows_of(folder):
    return [parsed(line) for table in written(folder).values() for line in sorted(map(canonical, table))]


def parsed(line):
    try:
        return json.loads(line)
    except ValueError:
        return line
