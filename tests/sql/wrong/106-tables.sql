CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
CREATE TABLE t (id INT) WITH ('connector' = 'print');
CREATE TABLE (id INT);
CREATE TABLE s (id INT,) WITH ('connector' = 'print');
CREATE TABLE s2 () WITH ('connector' = 'print');
CREATE TABLE s3 (id INT) WITH ();
CREATE TABLE s4 (id INT);
CREATE TABLE s5 (id) WITH ('connector' = 'print');
CREATE TABLE s6 (id INT NOT) WITH ('connector' = 'print');
CREATE TABLE s7 (id INT) WITH ('connector' => 'print');
CREATE TABLE s8 (id INT) WITH (connector = 'print');
CREATE TABLE s9 (id INT) WITH ('connector' = 'print' 'x' = 'y');
INSERT INTO s3 SELECT 1;
INSERT INTO s4 SELECT 1;
