CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE a LIKE nowhere;
CREATE TABLE b WITH ('connector' = 'print') LIKE t (INCLUDING EVERYTHING);
CREATE TABLE c (id STRING) WITH ('connector' = 'print') LIKE t;
CREATE TABLE d LIKE t (EXCLUDING);
INSERT INTO c SELECT 1;
