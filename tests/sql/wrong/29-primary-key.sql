CREATE TABLE t (a INT, PRIMARY KEY (b) NOT ENFORCED) WITH ('connector' = 'print');
CREATE TABLE u (a INT PRIMARY KEY) WITH ('connector' = 'print');
