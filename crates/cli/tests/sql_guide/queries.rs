//! Queries.

use crate::entry::Entry;
use crate::entry::Verdict::{Case, Refused, Same};

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
        what: "`JOIN` within a time: bounds on the time columns of both sides",
        sql: "s.rt BETWEEN o1.rt AND o1.rt + INTERVAL '10' SECOND",
        verdict: Case("151"),
    },
    Entry {
        what: "… `LEFT`, `RIGHT`, `FULL`: rows without a match when the time has passed",
        sql: "LEFT JOIN shipments s ON o1.id = s.id AND s.rt >= o1.rt AND s.rt < o1.rt + INTERVAL '10' SECOND",
        verdict: Case("149"),
    },
    Entry {
        what: "`JOIN` of windows: `window_start` and `window_end` of both sides equal; outer ones too",
        sql: "ON L.id = R.id AND L.window_start = R.window_start AND L.window_end = R.window_end",
        verdict: Case("153"),
    },
    Entry {
        what: "`JOIN … FOR SYSTEM_TIME AS OF`: the version of a table with a primary key that was valid",
        sql: "FROM readings AS r JOIN calib FOR SYSTEM_TIME AS OF r.rt AS c ON r.sensor = c.sensor",
        verdict: Case("155"),
    },
    Entry {
        what: "… of a view that keeps the last row of each key",
        sql: "LEFT JOIN calib_versions FOR SYSTEM_TIME AS OF r.rt AS c ON r.sensor = c.sensor",
        verdict: Case("157"),
    },
    Entry {
        what: "`JOIN` of all rows that ever come, which are all kept; `USING`, `NATURAL`, `CROSS JOIN`",
        sql: "FROM a JOIN b USING (k)",
        verdict: Case("159"),
    },
    Entry {
        what: "`QUALIFY`, with a call with `OVER` or the name of one",
        sql: "INSERT INTO o SELECT id, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY id DESC) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY)) QUALIFY n <= 1",
        verdict: Same { columns: "id INT, n BIGINT", rows: &[r#"{"id":2,"n":1}"#] },
    },
    Entry {
        what: "`OVER` of the groups of a `GROUP BY`",
        sql: "INSERT INTO o SELECT window_time, SUM(COUNT(*)) OVER (ORDER BY window_time) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY)) GROUP BY window_start, window_end, window_time",
        verdict: Same {
            columns: "ts TIMESTAMP(3), n BIGINT",
            rows: &[r#"{"ts":"2024-05-06 23:59:59.999","n":2}"#],
        },
    },
    Entry {
        what: "`ORDER BY` the stream's time, ascending, and others behind it: rows wait until it has passed them",
        sql: "INSERT INTO o SELECT id FROM t ORDER BY ts, id DESC",
        verdict: Same { columns: "id INT", rows: &[r#"{"id":1}"#, r#"{"id":2}"#] },
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
        what: "Windows by processing time, of rows that come from a window, a join or an OVER",
        sql: "CREATE TABLE p (id INT, pt AS PROCTIME()) WITH ('connector' = 'datagen'); INSERT INTO o SELECT COUNT(*) FROM TABLE(TUMBLE((SELECT *, LAG(id) OVER (ORDER BY pt) AS l FROM p), DESCRIPTOR(pt), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end",
        verdict: Refused("windows by processing time take the rows of tables"),
    },
    Entry {
        what: "Outer joins without bounds: a row without a match may get one later",
        sql: "INSERT INTO o SELECT a.id FROM t AS a LEFT JOIN t AS b ON a.id = b.id",
        verdict: Refused("the rows of this outer join change: one that had no match may get one later"),
    },
    Entry {
        what: "A version of a table without key or time",
        sql: "CREATE TABLE r (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen'); \
              INSERT INTO o SELECT r.id FROM r JOIN t FOR SYSTEM_TIME AS OF r.ts AS b ON r.id = b.id",
        verdict: Refused("this table has no versions: it needs a key and a time"),
    },
    Entry {
        what: "Look-ups: a version at the time at which a row is processed",
        sql: "CREATE TABLE r (id INT, pt AS PROCTIME()) WITH ('connector' = 'datagen'); \
              INSERT INTO o SELECT r.id FROM r JOIN t FOR SYSTEM_TIME AS OF r.pt AS b ON r.id = b.id",
        verdict: Refused("FOR SYSTEM_TIME AS OF a processing time is not supported"),
    },
    Entry {
        what: "Table functions",
        sql: "INSERT INTO o SELECT id FROM t, LATERAL TABLE(f(id)) AS u (x)",
        verdict: Refused("table functions are not supported"),
    },
    Entry {
        what: "`UNION`, `INTERSECT`, `EXCEPT`",
        sql: "INSERT INTO o SELECT id FROM t UNION SELECT id FROM t",
        verdict: Refused("UNION is not supported"),
    },
    Entry {
        what: "`ORDER BY` of anything but the stream's time first",
        sql: "INSERT INTO o SELECT id FROM t ORDER BY id",
        verdict: Refused("a stream has no end to sort at"),
    },
    Entry {
        what: "`LIMIT`, `OFFSET`, `FETCH`",
        sql: "INSERT INTO o SELECT id FROM t LIMIT 1",
        verdict: Refused("LIMIT is not supported"),
    },
    Entry {
        what: "`IN (SELECT …)`, `EXISTS`, `NOT EXISTS` in WHERE: as joins",
        sql: "INSERT INTO o SELECT id FROM t WHERE EXISTS (SELECT 1 FROM t AS u WHERE u.id = t.id + 1)",
        verdict: Same { columns: "id INT", rows: &[r#"{"id":1}"#] },
    },
    Entry {
        what: "Queries inside of other expressions",
        sql: "INSERT INTO o SELECT (SELECT 1) FROM t",
        verdict: Refused("queries inside of expressions are not supported"),
    },
    Entry {
        what: "`MATCH_RECOGNIZE`",
        sql: "INSERT INTO o SELECT x FROM t MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS x PATTERN (A) DEFINE A AS A.id > 1)",
        verdict: Refused("found MATCH_RECOGNIZE"),
    },
];
