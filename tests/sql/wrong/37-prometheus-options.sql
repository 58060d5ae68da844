CREATE TABLE p (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING)
  WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'htp://localhost:9090/api/v1/write',
        'metric.nam' = 'name', 'metric.sample.key' = 'valu', 'metric.sample.timestamp' = 'ts');
INSERT INTO p SELECT 'm', 1E0, NOW(), 'x';
