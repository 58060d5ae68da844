//! Statements.

use crate::entry::Entry;
use crate::entry::Verdict::{Case, Prints, Refused, Same};

const ID: &str = "id INT";

pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        what: "`CREATE TABLE` with computed columns",
        sql: "wh AS CAST(kwh * 1000 AS BIGINT)",
        verdict: Case("043"),
    },
    Entry {
        what: "`WATERMARK`: checked, and kept for when there are windows",
        sql: "WATERMARK FOR rt AS rt - INTERVAL '5' MINUTE",
        verdict: Case("043"),
    },
    Entry {
        what: "Metadata columns",
        sql: "CREATE TABLE f (id INT, file STRING METADATA FROM 'file.name' VIRTUAL) WITH ('connector' = 'filesystem', \
              'path' = '${IN}/t.json', 'format' = 'json'); INSERT INTO o SELECT id, file FROM f",
        verdict: Same {
            columns: "id INT, file STRING",
            rows: &[r#"{"id":1,"file":"t.json"}"#, r#"{"id":2,"file":"t.json"}"#],
        },
    },
    Entry {
        what: "`PRIMARY KEY … NOT ENFORCED`",
        sql: "CREATE TABLE p (id INT, v INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'blackhole'); \
              INSERT INTO o VALUES (1)",
        verdict: Same { columns: ID, rows: &[r#"{"id":1}"#] },
    },
    Entry {
        what: "`CREATE TABLE … LIKE`",
        sql: "CREATE TABLE c (WATERMARK FOR ts AS ts) WITH ('json.ignore-parse-errors' = 'true') LIKE t (OVERWRITING \
              WATERMARKS); INSERT INTO o SELECT id FROM c",
        verdict: Same { columns: ID, rows: &[r#"{"id":1}"#, r#"{"id":2}"#] },
    },
    Entry {
        what: "`CREATE TABLE IF NOT EXISTS`, `CREATE TEMPORARY TABLE`",
        sql: "CREATE TABLE IF NOT EXISTS t (x INT) WITH ('connector' = 'blackhole'); INSERT INTO o SELECT id FROM t",
        verdict: Same { columns: ID, rows: &[r#"{"id":1}"#, r#"{"id":2}"#] },
    },
    Entry {
        what: "`CREATE VIEW`, also with names of its columns",
        sql: "CREATE VIEW w (n) AS SELECT id * 10 FROM t; INSERT INTO o SELECT n FROM w",
        verdict: Same { columns: ID, rows: &[r#"{"id":10}"#, r#"{"id":20}"#] },
    },
    Entry {
        what: "`DROP TABLE`, `DROP VIEW`, `IF EXISTS`",
        sql: "DROP VIEW IF EXISTS w; CREATE VIEW w AS SELECT 1 AS n; DROP VIEW w; CREATE VIEW w AS SELECT 2 AS n; \
              INSERT INTO o SELECT n FROM w",
        verdict: Same { columns: ID, rows: &[r#"{"id":2}"#] },
    },
    Entry {
        what: "`INSERT INTO … SELECT`",
        sql: "INSERT INTO o SELECT LOWER(eventType), vehicleId, region, measurement, rt FROM vehicles",
        verdict: Case("001"),
    },
    Entry {
        what: "`INSERT INTO` with a list of columns; the others are null",
        sql: "INSERT INTO o (c, a, b) SELECT `order` * 2 AS `group`, id, `select` FROM t AS `from`;",
        verdict: Case("055"),
    },
    Entry {
        what: "`INSERT INTO … VALUES`",
        sql: "INSERT INTO o VALUES ('a', 1, 10), ('b', 2.5, CAST(NULL AS INT)), (CAST(NULL AS STRING), -0.01, 3);",
        verdict: Case("047"),
    },
    Entry {
        what: "Several `INSERT`s: one ends before the next begins, unless its input has no end",
        sql: "INSERT INTO o SELECT id, v FROM t WHERE v > 0; INSERT INTO o SELECT id, -v FROM t WHERE v > 1;",
        verdict: Case("147"),
    },
    Entry {
        what: "`EXECUTE STATEMENT SET`: one job, which reads each table once",
        sql: "EXECUTE STATEMENT SET BEGIN INSERT INTO o SELECT id FROM t; INSERT INTO o SELECT -id FROM t; END",
        verdict: Same { columns: ID, rows: &[r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":-1}"#, r#"{"id":-2}"#] },
    },
    Entry {
        what: "`SET`, `RESET`",
        sql: "SET 'table.exec.sink.not-null-enforcer' = 'DROP';",
        verdict: Case("049"),
    },
    Entry {
        what: "`SHOW TABLES`, `SHOW VIEWS`, `SHOW FUNCTIONS`, without a frame around",
        sql: "CREATE VIEW w AS SELECT id FROM t; SHOW TABLES; SHOW VIEWS",
        verdict: Prints("t w w"),
    },
    Entry {
        what: "`DESCRIBE`, `SHOW COLUMNS FROM`, without a frame around",
        sql: "DESCRIBE t",
        verdict: Prints("id INT k STRING v DOUBLE ts TIMESTAMP(3) tags ARRAY<STRING> m MAP<STRING, INT>"),
    },
    Entry {
        what: "`EXPLAIN`: the plan in narthex's words",
        sql: "CREATE TABLE b (id INT) WITH ('connector' = 'blackhole'); EXPLAIN INSERT INTO b SELECT id FROM t",
        verdict: Prints(
            "Sink b (blackhole) Project id = id@0 Watermark for ts: -(ts@1, 5000) Not null: ts (a null fails the job) Project id = id@0, ts = ts@1 Source t (filesystem): id, ts",
        ),
    },
    Entry {
        what: "`SHOW CREATE TABLE`; secrets are stars",
        sql: "CREATE TABLE b (id INT) WITH ('connector' = 'blackhole'); SHOW CREATE TABLE b",
        verdict: Prints("CREATE TABLE `b` ( `id` INT ) WITH ( 'connector' = 'blackhole' );"),
    },
    Entry {
        what: "A query by itself",
        sql: "SELECT id FROM t",
        verdict: Refused("a query by itself has nowhere to write to"),
    },
    Entry {
        what: "`CREATE TABLE … AS SELECT`",
        sql: "CREATE TABLE c WITH ('connector' = 'print') AS SELECT id FROM t",
        verdict: Refused("CREATE TABLE … AS SELECT is not supported"),
    },
    Entry {
        what: "`INSERT OVERWRITE`",
        sql: "INSERT OVERWRITE o SELECT id FROM t",
        verdict: Refused("INSERT OVERWRITE is not supported"),
    },
    Entry {
        what: "`INSERT INTO … PARTITION`",
        sql: "INSERT INTO o PARTITION (n = 1) SELECT id FROM t",
        verdict: Refused("PARTITION"),
    },
    Entry {
        what: "`CREATE FUNCTION`",
        sql: "CREATE FUNCTION f AS 'org.example.F'",
        verdict: Refused("expected TABLE or VIEW, found FUNCTION"),
    },
    Entry {
        what: "`CREATE CATALOG`, `CREATE DATABASE`, `CREATE MODEL`",
        sql: "CREATE CATALOG c WITH ('type' = 'jdbc')",
        verdict: Refused("expected TABLE or VIEW, found CATALOG"),
    },
    Entry {
        what: "`USE` of another catalog or database",
        sql: "USE CATALOG c",
        verdict: Refused("there is no c here"),
    },
    Entry {
        what: "`ALTER TABLE … SET`, `RESET`, `RENAME TO`",
        sql: "ALTER TABLE t RENAME TO u; INSERT INTO o SELECT id FROM u",
        verdict: Same { columns: "id INT", rows: &[r#"{"id":1}"#, r#"{"id":2}"#] },
    },
    Entry { what: "`DELETE`", sql: "DELETE FROM t", verdict: Refused("no statement begins with DELETE") },
    Entry {
        what: "`UPDATE`",
        sql: "UPDATE t SET id = 1",
        verdict: Refused("no statement begins with UPDATE"),
    },
    Entry {
        what: "`TRUNCATE TABLE`",
        sql: "TRUNCATE TABLE t",
        verdict: Refused("no statement begins with TRUNCATE"),
    },
    Entry { what: "`CALL`", sql: "CALL p()", verdict: Refused("no statement begins with CALL") },
    Entry {
        what: "`ANALYZE TABLE`",
        sql: "ANALYZE TABLE t COMPUTE STATISTICS",
        verdict: Refused("no statement begins with ANALYZE"),
    },
    Entry { what: "`ADD JAR`", sql: "ADD JAR '/x.jar'", verdict: Refused("no statement begins with ADD") },
    Entry {
        what: "`LOAD MODULE`",
        sql: "LOAD MODULE hive",
        verdict: Refused("no statement begins with LOAD"),
    },
    Entry { what: "`SHOW JOBS`", sql: "SHOW JOBS", verdict: Refused("expected") },
    Entry { what: "`STOP JOB`", sql: "STOP JOB 'x'", verdict: Refused("no statement begins with STOP") },
    Entry {
        what: "`COMPILE PLAN`, `EXECUTE PLAN`",
        sql: "COMPILE PLAN '/p.json' FOR INSERT INTO o SELECT id FROM t",
        verdict: Refused("no statement begins with COMPILE"),
    },
];
