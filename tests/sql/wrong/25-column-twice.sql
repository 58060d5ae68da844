CREATE TABLE t (a INT, b STRING, a INT) WITH ('connector' = 'print');
INSERT INTO t SELECT 1, 'x', 2;
