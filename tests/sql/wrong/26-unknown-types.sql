CREATE TABLE t (a FLOAT64, b STRNG, c TIMESTAMP(12), d DECIMAL(50, 2), e INT) WITH ('connector' = 'print');
