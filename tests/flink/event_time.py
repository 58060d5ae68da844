"""Random events for the jobs of event_time_jobs.txt: disorder, nulls, ties, duplicates, times with nothing, empty files."""

import json
import pathlib

JOBS = pathlib.Path(__file__).resolve().parent / "event_time_jobs.txt"

COLUMNS = "id INT, k STRING, v INT, d DOUBLE, p DECIMAL(8, 2), a ARRAY<INT>, ms BIGINT"
TABLE = ("CREATE TABLE {name} ({columns}, rt AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR rt AS rt - INTERVAL '{delay}' SECOND{key}) "
         "WITH ('connector' = 'filesystem', 'path' = '${{CASE}}/in/{file}', 'format' = 'json');\n")


def table(name, file, delay=5, columns=COLUMNS, key="", computed=""):
    return TABLE.format(name=name, file=file, delay=delay, columns=columns + computed, key=key)


MARKS = {
    "$E": table("e", "e.json"),
    # As the golden cases with late rows are made: a watermark behind every row, nothing that holds it back.
    "$L": ("SET 'pipeline.auto-watermark-interval' = '0';\nSET 'table.exec.resource.default-parallelism' = '1';\n"
           + table("l", "e.json", delay=1)),
    "$J": table("a", "a.json") + table("b", "b.json"),
    "$V": table("c", "c.json", columns="k STRING, f DOUBLE, ms BIGINT", key=", PRIMARY KEY (k) NOT ENFORCED"),
    # Which file is read first is not known: nothing of them is late.
    "$S": table("s", "s", delay=3600),
    "$P": table("p", "e.json", computed=", pt AS PROCTIME()"),
}

BEGIN = 1_700_000_000_000


def files(draw):
    """By name. `draw` is a seeded random.Random."""
    keys = ["a", "b", "c", None, "ä", "A"][:draw.randint(2, 6)]
    return {
        "e.json": lines(events(draw, keys, draw.choice([40, 120, 200]))),
        "a.json": lines(events(draw, keys, draw.choice([0, 60, 90]))),
        "b.json": lines(events(draw, keys, draw.choice([1, 60, 90]))),
        "c.json": lines(versions(draw, [key for key in keys if key], draw.choice([3, 25]))),
        "s/1.json": lines(events(draw, keys, 30)),
        "s/2.json": "",
        "s/3.json": lines(events(draw, keys, 80, first=1_000)),
    }


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def events(draw, keys, count, first=0):
    """Each up to 4.9 s behind the newest; keys and values are null at times, times and whole events come again."""
    newest, rows = BEGIN, []
    while len(rows) < count:
        newest += draw.choice([0, 0, 100, 400, 500, 1_300, 1_300, draw.choice([100, 20_000])])
        behind = draw.choice([0, 0, 0, 200, 1_000, 2_500, 4_900])
        row = {"id": first + len(rows), "k": draw.choice(keys), "v": draw.choice([None, *range(0, 40)]),
               "d": round(draw.uniform(-5, 5), 2), "p": str(round(draw.uniform(-99, 99), 2)),
               "a": draw.choice([[], [1], [1, 2], [2, None]]), "ms": newest - behind}
        rows += [row] if draw.random() < 0.9 else [row, {**row, "id": row["id"] + 1}]
    return rows


def versions(draw, keys, count):
    """No two of a key have the same time."""
    newest, rows, seen = BEGIN - 3_000, [], set()
    for _ in range(count):
        newest += draw.choice([100, 500, 1_300, 4_000])
        row = {"k": draw.choice(keys), "f": round(draw.uniform(-9, 40), 1), "ms": newest - draw.choice([0, 0, 700, 4_900])}
        if (row["k"], row["ms"]) not in seen:
            seen.add((row["k"], row["ms"]))
            rows.append(row)
    return rows
