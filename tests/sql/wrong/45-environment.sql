CREATE TABLE o (a INT) WITH ('connector' = 'filesystem', 'path' = '${env:NARTHEX_NO_SUCH_VARIABLE}', 'format' = 'json');
INSERT INTO o SELECT 1;
