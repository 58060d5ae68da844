CREATE TABLE o (a INT) WITH ('format' = 'json');
INSERT INTO o SELECT 1;
