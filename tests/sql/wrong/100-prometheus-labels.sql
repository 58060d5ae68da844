CREATE TABLE a (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING, `bad-label` STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://localhost:9090/api/v1/write', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts');
INSERT INTO a SELECT 'm', 1E0, NOW(), 'x', 'y';
CREATE TABLE b (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING, __name__ STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://localhost:9090/api/v1/write', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts');
INSERT INTO b SELECT 'm', 1E0, NOW(), 'x', 'y';
CREATE TABLE c (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://localhost:9090/api/v1/write', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts', 'metric.label.keys' = 'region;nope');
INSERT INTO c SELECT 'm', 1E0, NOW(), 'x';
CREATE TABLE d (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING, `größe` STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://localhost:9090/api/v1/write', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts');
INSERT INTO d SELECT 'm', 1E0, NOW(), 'x', 'y';
