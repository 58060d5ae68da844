CREATE TABLE p (name STRING, `value` STRING, ts BOOLEAN, region STRING)
  WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://localhost:9090/api/v1/write',
        'metric.name' = 'name', 'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts');
INSERT INTO p SELECT 'm', 'x', TRUE, 'x';
