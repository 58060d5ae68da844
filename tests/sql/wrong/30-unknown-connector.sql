CREATE TABLE o (a INT) WITH ('connector' = 'prnt');
INSERT INTO o SELECT 1;
