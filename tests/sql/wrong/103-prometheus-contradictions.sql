CREATE TABLE a (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://h/w', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts',
  'metric.name.literal' = 'm', 'metric.samples' = 'value');
INSERT INTO a SELECT 'm', 1E0, NOW(), 'x';
CREATE TABLE b (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://h/w', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts',
  'sink.auth.username' = 'u');
INSERT INTO b SELECT 'm', 1E0, NOW(), 'x';
CREATE TABLE c (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://h/w', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts',
  'sink.auth.bearer-token' = 'x', 'sink.auth.username' = 'u', 'sink.auth.password' = 'p');
INSERT INTO c SELECT 'm', 1E0, NOW(), 'x';
CREATE TABLE d (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://h/w', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts',
  'sink.auth.password-file' = '/nowhere/x', 'sink.tls.cert-file' = '/nowhere/c');
INSERT INTO d SELECT 'm', 1E0, NOW(), 'x';
CREATE TABLE e (a INT) WITH ('connector' = 'prometheus');
INSERT INTO e SELECT 1;
