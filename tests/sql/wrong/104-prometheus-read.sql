CREATE TABLE a (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://localhost:9090/api/v1/write', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts');
CREATE TABLE o (n STRING) WITH ('connector' = 'print');
INSERT INTO o SELECT name FROM a;
INSERT INTO a SELECT 'm', 'x', 1, 2;
INSERT INTO a SELECT 'm', 1E0;
