"""Whole jobs over the table of random_rows.py: what is more than an expression. Each is run on both engines."""

import json

from engines import canonical, written
from expression_templates import fill
from expressions import Difference, same, shown

COLUMNS = "rid INT, s STRING, i INT, l BIGINT, d DOUBLE, dc DECIMAL(10, 3), bo BOOLEAN, dt DATE, ts TIMESTAMP(3), ai ARRAY<INT>"
LISTED = "rid, s, i, l, d, dc, bo, dt, ts, ai"


def sink(columns, file_format="json", options=""):
    return (f"CREATE TABLE o ({columns}) WITH ('connector' = 'filesystem', 'path' = '${{OUT}}/o', "
            f"'format' = '{file_format}'{options});\n")


SHAPES = [
    # Sub-queries, views, WITH, and what names what.
    sink("rid INT, x STRING") + "INSERT INTO o SELECT q.a, q.b FROM (SELECT rid AS a, {text} AS b FROM t WHERE {bool}) AS q WHERE q.a > 2;",
    "CREATE VIEW v AS SELECT *, rid * 2 AS twice FROM t;\nCREATE VIEW w (a, b) AS SELECT twice, {text} FROM v WHERE {bool};\n"
    + sink("a INT, b STRING") + "INSERT INTO o SELECT b.a, b.b FROM w AS b;",
    sink("a INT, b STRING") + "INSERT INTO o WITH x AS (SELECT rid, {text} AS y FROM t), z (p, q) AS (SELECT rid + 1, y FROM x)"
    " SELECT p, q FROM z UNION ALL SELECT rid, y FROM x WHERE {bool_of_rid};",
    sink("a INT, b STRING, e DOUBLE") + "INSERT INTO o SELECT a0, b, d FROM (SELECT rid AS a0, r FROM t) AS x (a0, r2);",
    sink("a INT, b STRING, e DOUBLE") + "INSERT INTO o SELECT q.a, q.r.b, d FROM (SELECT rid AS a, r FROM t) AS q;",
    sink("a INT, f STRING") + "INSERT INTO o SELECT rid, r.b FROM t WHERE r.a > {few} OR r.c.d IS NULL;",
    # UNION ALL and VALUES: the types that meet.
    sink("x DOUBLE, y STRING, k INT") + "INSERT INTO o SELECT {num}, {text}, 1 FROM t UNION ALL SELECT {num}, {text}, 2 FROM t;",
    sink("x DECIMAL(20, 6), y STRING") + "INSERT INTO o SELECT {int}, 'a' FROM t UNION ALL SELECT {dec}, s FROM t UNION ALL SELECT 1.5, 'xyz' FROM t;",
    sink("x DOUBLE, y STRING, z STRING") + "INSERT INTO o SELECT a, b, TYPEOF(a) FROM (VALUES (1, 'a'), (2.5, 'abc'), (CAST(3 AS BIGINT), 'ä')) AS v (a, b);",
    sink("x DOUBLE, y VARCHAR(2)") + "INSERT INTO o VALUES (1, 'abc'), (2, CAST(NULL AS STRING)), (CAST(NULL AS INT), 'x');",
    # What INSERT does by itself.
    sink("a BIGINT, b DOUBLE, c DECIMAL(12, 1), d VARCHAR(3), e TIMESTAMP(0), f DATE") + "INSERT INTO o SELECT i, f, dc, s, ts, ts6 FROM t;",
    sink("a TIMESTAMP_LTZ(3), b TIMESTAMP(3)") + "INSERT INTO o SELECT ts, lz FROM t;",
    sink("a INT, b STRING, c DOUBLE") + "INSERT INTO o (c, a) SELECT d, rid FROM t;",
    "SET 'table.exec.sink.not-null-enforcer' = 'DROP';\n" + sink("a INT, b STRING NOT NULL") + "INSERT INTO o SELECT rid, {textcol} FROM t;",
    sink("a INT, b STRING NOT NULL") + "INSERT INTO o SELECT rid, {textcol} FROM t;",
    sink("a INT, b INT") + "INSERT INTO o SELECT rid, {text} FROM t;",
    sink("a INT, b CHAR(4)") + "INSERT INTO o SELECT rid, {textcol} FROM t;",
    sink("a INT, b STRING") + "INSERT INTO o SELECT rid, {intcol} FROM t;",
    # Arrays and maps as rows.
    sink("a INT, b INT") + "INSERT INTO o SELECT rid, q FROM t CROSS JOIN UNNEST({arrint}) AS u (q);",
    sink("a INT, b STRING, n INT") + "INSERT INTO o SELECT rid, q, n0 FROM t LEFT JOIN UNNEST(texts) WITH ORDINALITY AS u (q, n0) ON TRUE;",
    sink("a INT, b STRING, c INT") + "INSERT INTO o SELECT rid, k, q FROM t CROSS JOIN UNNEST(m) AS u (k, q);",
    sink("a INT, b STRING, c INT") + "INSERT INTO o SELECT rid, p, q FROM t CROSS JOIN UNNEST(ar) AS u (p, q) WHERE q > 0 OR p IS NULL;",
    # Formats, out and in again.
    sink(COLUMNS, "csv") + f"INSERT INTO o SELECT {LISTED} FROM t;",
    sink(COLUMNS, "csv", ", 'csv.field-delimiter' = ';', 'csv.null-literal' = 'nil', 'csv.array-element-delimiter' = '|'")
    + f"INSERT INTO o SELECT {LISTED} FROM t;",
    sink(COLUMNS, "csv", ", 'csv.disable-quote-character' = 'true'") + f"INSERT INTO o SELECT {LISTED} FROM t WHERE {{bool}};",
    sink(COLUMNS, "json", ", 'json.encode.decimal-as-plain-number' = 'true', 'json.timestamp-format.standard' = 'ISO-8601'")
    + f"INSERT INTO o SELECT {LISTED} FROM t;",
    sink("rid INT, r ROW<a INT, b STRING, c ROW<d DOUBLE, e ARRAY<INT>>>, mt MAP<STRING, STRING>, ar ARRAY<ROW<k STRING, v INT>>",
         "json", ", 'json.encode.ignore-null-fields' = 'true'") + "INSERT INTO o SELECT rid, r, mt, ar FROM t;",
    "CREATE TABLE j (rid INT, num INT, s INT, j DOUBLE, tstext TIMESTAMP(3), w BOOLEAN, ai STRING, r STRING) WITH ("
    "'connector' = 'filesystem', 'path' = '${DATA}', 'format' = 'json', 'json.ignore-parse-errors' = 'true');\n"
    + sink("rid INT, num INT, s INT, j DOUBLE, tstext TIMESTAMP(3), w BOOLEAN, ai STRING, r STRING") + "INSERT INTO o SELECT * FROM j;",
    "CREATE TABLE j (rid INT, num DECIMAL(6, 2), l TINYINT, d INT, dt DATE, tm TIME, lz TIMESTAMP_LTZ(3), bytes_ BYTES, c VARCHAR(2)) WITH ("
    "'connector' = 'filesystem', 'path' = '${DATA}', 'format' = 'json', 'json.ignore-parse-errors' = 'true');\n"
    + sink("rid INT, num DECIMAL(6, 2), l TINYINT, d INT, dt DATE, tm TIME, lz TIMESTAMP_LTZ(3), bytes_ BYTES, c VARCHAR(2)")
    + "INSERT INTO o SELECT * FROM j;",
    "CREATE TABLE c (a STRING, b INT, c DOUBLE, d BOOLEAN) WITH ('connector' = 'filesystem', 'path' = '${DATA}', 'format' = 'csv', "
    "'csv.ignore-parse-errors' = 'true', 'csv.field-delimiter' = ':');\n"
    + sink("a STRING, b INT, c DOUBLE, d BOOLEAN") + "INSERT INTO o SELECT * FROM c;",
    # Computed columns.
    "CREATE TABLE k (rid INT, l BIGINT, `at` AS TO_TIMESTAMP_LTZ(l, 3), twice AS rid * 2) "
    "WITH ('connector' = 'filesystem', 'path' = '${DATA}', 'format' = 'json');\n"
    + sink("a INT, b TIMESTAMP_LTZ(3), c INT") + "INSERT INTO o SELECT rid, CASE WHEN {bool_of_rid} THEN `at` END, twice + 1 FROM k WHERE l BETWEEN -100000000000000 AND 100000000000000;",
    # Several inserts.
    sink("a INT") + "EXECUTE STATEMENT SET BEGIN INSERT INTO o SELECT rid FROM t WHERE {bool}; INSERT INTO o SELECT -rid FROM t; END;",
    "CREATE TABLE g (a BIGINT, b INT) WITH ('connector' = 'datagen', 'fields.a.kind' = 'sequence', 'fields.a.start' = '-5', 'fields.a.end' = '20', "
    "'fields.b.kind' = 'sequence', 'fields.b.start' = '1', 'fields.b.end' = '26');\n"
    + sink("a BIGINT, b DOUBLE") + "INSERT INTO o SELECT a * {few}, b / 4.0 FROM g WHERE MOD(a, 3) <> 0;",
]


def alike(their, our):
    try:
        return same(json.loads(their), json.loads(our))
    except ValueError:
        return their == our


def shape_difference(flink, narthex, declared, shape, source, folder, parallelism):
    """The difference of a job on both engines, or none."""
    text = declared + fill(source, shape.replace("${", "\x03").replace("{bool_of_rid}", "rid > 5")).replace("\x03", "${")
    number = len(list(folder.glob("shape-*")))
    ran = {}
    for name, engine in (("flink", flink), ("narthex", narthex)):
        place = folder / f"shape-{number}-{name}"
        place.mkdir()
        file = place / "job.sql"
        file.write_text(text.replace("${OUT}", str(place)).replace("${DATA}", str(folder / "t.json")))
        ran[name] = (place, engine.run(file, parallelism))
    ended = {name: future.result() for name, (_, future) in ran.items()}
    rows = {name: sorted(map(canonical, written(place).get("o", []))) if ended[name].how == "ok" else []
            for name, (place, _) in ran.items()}
    if ended["flink"].how == ended["narthex"].how and rows["flink"] == rows["narthex"]:
        return None
    if ended["flink"].how != ended["narthex"].how:
        return Difference(text.removeprefix(declared), "failure", shown(ended["flink"]), shown(ended["narthex"]))
    pairs = [(number, pair) for number, pair in enumerate(zip(rows["flink"], rows["narthex"])) if not alike(*pair)]
    if not pairs and len(rows["flink"]) == len(rows["narthex"]):
        return None
    return Difference(text.removeprefix(declared), "value", {number: pair[0] for number, pair in pairs},
                      {number: pair[1] for number, pair in pairs})
