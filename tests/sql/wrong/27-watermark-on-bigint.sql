CREATE TABLE t (ms BIGINT, ts TIMESTAMP(9), WATERMARK FOR ms AS ms - 5) WITH ('connector' = 'print');
CREATE TABLE u (ts TIMESTAMP(9), WATERMARK FOR ts AS ts) WITH ('connector' = 'print');
