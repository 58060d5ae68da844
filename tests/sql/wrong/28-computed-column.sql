CREATE TABLE t (a INT, b AS aa + 1, c AS UPPER(a)) WITH ('connector' = 'print');
