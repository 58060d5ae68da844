//! Queries.

use crate::entry::Entry;
use crate::entry::Verdict::{Case, Refused, Same};

const NOT_YET: &str = "joins of tables are not there yet";

pub(crate) const ENTRIES: &[Entry] = &[
    Entry {
        what: "`WHERE`",
        sql: "WHERE eventType IN ('IC_RPM', 'ELECTRIC_RPM') AND measurement <> 0 AND `timestamp` <= 1700000040000",
        verdict: Case("001"),
    },
    Entry {
        what: "`SELECT *`",
        sql: "INSERT INTO o SELECT * FROM meters WHERE odd OR wh > 3000;",
        verdict: Case("043"),
    },
    Entry {
        what: "Queries in `FROM`, `VALUES` with names",
        sql: "SELECT CONCAT(k, '!'), v, TYPEOF(v) FROM (VALUES ('x', 1), ('yy', 2.25), ('z', 1000000)) AS t(k, v) \
              WHERE v > 1;",
        verdict: Case("047"),
    },
    Entry {
        what: "`WITH`",
        sql: "INSERT INTO o WITH q AS (SELECT id, v FROM t) SELECT id FROM q WHERE v > 0",
        verdict: Same { columns: "id INT", rows: &[r#"{"id":1}"#] },
    },
    Entry {
        what: "`UNION ALL`; types are widened to a common one",
        sql: "UNION ALL SELECT 'access', host, `bytes` FROM access WHERE `bytes` > 3000000000",
        verdict: Case("137"),
    },
    Entry {
        what: "`CROSS JOIN UNNEST` of an array",
        sql: "FROM sensors CROSS JOIN UNNEST(tags) AS u (tag);",
        verdict: Case("131"),
    },
    Entry {
        what: "… of a map",
        sql: "FROM sensors CROSS JOIN UNNEST(attrs) AS u (k, v);",
        verdict: Case("133"),
    },
    Entry {
        what: "… `WITH ORDINALITY`",
        sql: "FROM t CROSS JOIN UNNEST(a) WITH ORDINALITY AS u (x, pos);",
        verdict: Case("135"),
    },
    Entry {
        what: "`LEFT JOIN UNNEST … ON TRUE`: a row also where there is no element",
        sql: "INSERT INTO o SELECT id, tag FROM t LEFT JOIN UNNEST(tags) AS u (tag) ON TRUE",
        verdict: Same {
            columns: "id INT, tag STRING",
            rows: &[r#"{"id":1,"tag":"x"}"#, r#"{"id":1,"tag":"y"}"#, r#"{"id":2,"tag":null}"#],
        },
    },
    Entry {
        what: "Hints: options of a table for this query",
        sql: "INSERT INTO o SELECT id FROM t /*+ OPTIONS('json.ignore-parse-errors' = 'true') */",
        verdict: Same { columns: "id INT", rows: &[r#"{"id":1}"#, r#"{"id":2}"#] },
    },
    Entry {
        what: "`TUMBLE`, and `GROUP BY` its `window_start`, `window_end`",
        sql: "FROM TABLE(TUMBLE(TABLE vehicles, DESCRIPTOR(rt), INTERVAL '10' SECOND))",
        verdict: Case("057"),
    },
    Entry {
        what: "… with named arguments and an offset",
        sql: "FROM TABLE(TUMBLE(DATA => TABLE meters, TIMECOL => DESCRIPTOR(rt), SIZE => INTERVAL '1' HOUR, `OFFSET` => INTERVAL '15' MINUTE))",
        verdict: Case("071"),
    },
    Entry {
        what: "`HOP`",
        sql: "FROM TABLE(HOP(TABLE vehicles, DESCRIPTOR(rt), INTERVAL '5' SECOND, INTERVAL '15' SECOND))",
        verdict: Case("081"),
    },
    Entry {
        what: "`CUMULATE`, `GROUPING SETS`, `COUNT(DISTINCT …)`",
        sql: "GROUP BY window_start, window_end, GROUPING SETS ((region), ());",
        verdict: Case("087"),
    },
    Entry {
        what: "`SESSION … PARTITION BY`",
        sql: "FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '5' SECOND))",
        verdict: Case("089"),
    },
    Entry {
        what: "`GROUP BY TUMBLE(…)`, `HOP`, `SESSION` as before window functions",
        sql: "GROUP BY eventType, HOP(rt, INTERVAL '4' SECOND, INTERVAL '10' SECOND);",
        verdict: Case("085"),
    },
    Entry {
        what: "`HAVING`",
        sql: "HAVING COUNT(*) > 1 AND MAX(measurement) IS NOT NULL;",
        verdict: Case("065"),
    },
    Entry {
        what: "`CUBE`, `ROLLUP`",
        sql: "GROUP BY window_start, window_end, CUBE (host, status);",
        verdict: Case("069"),
    },
    Entry {
        what: "Aggregates with `FILTER`",
        sql: "COUNT(*) FILTER (WHERE latency_ms <= 10) AS b10",
        verdict: Case("143"),
    },
    Entry { what: "`PERCENTILE`", sql: "ROUND(PERCENTILE(latency_ms, 0.5), 4)", verdict: Case("079") },
    Entry {
        what: "`SELECT DISTINCT` in a window",
        sql: "INSERT INTO o SELECT DISTINCT window_start, window_end, vehicleId FROM TABLE(TUMBLE(TABLE vehicles, DESCRIPTOR(rt), INTERVAL '15' SECOND)) WHERE measurement > 3000;",
        verdict: Case("145"),
    },
    Entry {
        what: "A window of windows, by `window_time`",
        sql: "FROM TABLE(TUMBLE(TABLE w5, DESCRIPTOR(rt5), INTERVAL '20' SECOND))",
        verdict: Case("163"),
    },
    Entry { what: "The first rows of each window by an order", sql: "WHERE rn <= 3;", verdict: Case("115") },
    Entry {
        what: "The first row of each key by time",
        sql: "(PARTITION BY k ORDER BY rt ASC) AS rn FROM t) WHERE rn = 1;",
        verdict: Case("111"),
    },
    Entry {
        what: "`OVER` with `RANGE`",
        sql: "WINDOW w AS (PARTITION BY k ORDER BY rt RANGE BETWEEN INTERVAL '2' SECOND PRECEDING AND CURRENT ROW);",
        verdict: Case("121"),
    },
    Entry {
        what: "`OVER` with `ROWS`",
        sql: "WINDOW w AS (ORDER BY rt ROWS BETWEEN 3 PRECEDING AND CURRENT ROW);",
        verdict: Case("125"),
    },
    Entry {
        what: "`OVER` by processing time",
        sql: "(PARTITION BY k ORDER BY pt ROWS BETWEEN 1 PRECEDING AND CURRENT ROW);",
        verdict: Case("123"),
    },
    Entry {
        what: "`GROUP BY` without a window: its results would change with every row",
        sql: "INSERT INTO o SELECT MAX(id) FROM t GROUP BY k",
        verdict: Refused("these groups have no window"),
    },
    Entry {
        what: "`SELECT DISTINCT` without a window",
        sql: "INSERT INTO o SELECT DISTINCT id FROM t",
        verdict: Refused("this SELECT DISTINCT has no window"),
    },
    Entry {
        what: "Windows by processing time",
        sql: "CREATE TABLE p (id INT, pt AS PROCTIME()) WITH ('connector' = 'datagen'); INSERT INTO o SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE p, DESCRIPTOR(pt), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end",
        verdict: Refused("windows by processing time are not supported"),
    },
    Entry {
        what: "Joins",
        sql: "INSERT INTO o SELECT a.id FROM t AS a JOIN t AS b ON a.id = b.id",
        verdict: Refused(NOT_YET),
    },
    Entry {
        what: "`CROSS JOIN` of tables",
        sql: "INSERT INTO o SELECT a.id FROM t AS a, t AS b",
        verdict: Refused(NOT_YET),
    },
    Entry {
        what: "`FOR SYSTEM_TIME AS OF`",
        sql: "INSERT INTO o SELECT a.id FROM t AS a JOIN t FOR SYSTEM_TIME AS OF a.ts AS b ON a.id = b.id",
        verdict: Refused(NOT_YET),
    },
    Entry {
        what: "Table functions",
        sql: "INSERT INTO o SELECT id FROM t, LATERAL TABLE(f(id)) AS u (x)",
        verdict: Refused(NOT_YET),
    },
    Entry {
        what: "`UNION`, `INTERSECT`, `EXCEPT`",
        sql: "INSERT INTO o SELECT id FROM t UNION SELECT id FROM t",
        verdict: Refused("UNION is not supported"),
    },
    Entry {
        what: "`ORDER BY`",
        sql: "INSERT INTO o SELECT id FROM t ORDER BY id",
        verdict: Refused("a stream has no end to sort at"),
    },
    Entry {
        what: "`LIMIT`, `OFFSET`, `FETCH`",
        sql: "INSERT INTO o SELECT id FROM t LIMIT 1",
        verdict: Refused("LIMIT is not supported"),
    },
    Entry {
        what: "Queries inside of expressions: `IN (SELECT …)`, `EXISTS`",
        sql: "INSERT INTO o SELECT id FROM t WHERE id IN (SELECT 1)",
        verdict: Refused("queries inside of expressions are not supported"),
    },
    Entry {
        what: "`MATCH_RECOGNIZE`",
        sql: "INSERT INTO o SELECT x FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN (A) DEFINE A AS A.id > 1)",
        verdict: Refused("found MATCH_RECOGNIZE"),
    },
];
