CREATE TABLE a (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'localhost:9090', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts');
INSERT INTO a SELECT 'm', 1E0, NOW(), 'x';
CREATE TABLE b (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'ftp://localhost/x', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts');
INSERT INTO b SELECT 'm', 1E0, NOW(), 'x';
CREATE TABLE c (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts');
INSERT INTO c SELECT 'm', 1E0, NOW(), 'x';
CREATE TABLE d (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://user:secret@host:99999/x', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts');
INSERT INTO d SELECT 'm', 1E0, NOW(), 'x';
CREATE TABLE e (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = '', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts');
INSERT INTO e SELECT 'm', 1E0, NOW(), 'x';
