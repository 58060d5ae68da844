CREATE TABLE t (id INT, k STRING, v DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), tags ARRAY<STRING>, r ROW<a INT, b STRING>)
  WITH ('connector' = 'filesystem', 'path' = '/tmp/t.json', 'format' = 'json');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'print');
EXECUTE STATEMENT SET BEGIN
INSERT INTO o SELECT idd, k FROM t;
SELECT 1;
INSERT INTO nowhere SELECT id, k FROM t
INSERT INTO o SELECT id, kk FROM t;
END;
EXECUTE STATEMENT SET
INSERT INTO o SELECT id, k FROM t;
END;
BEGIN STATEMENT SET;
END;
