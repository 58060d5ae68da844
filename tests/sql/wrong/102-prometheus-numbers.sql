CREATE TABLE a (name STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3), region STRING) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'http://h/w', 'metric.name' = 'name',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts',
  'sink.batch.max-size' = '0', 'sink.shards' = '-1', 'sink.flush-buffer.size' = '5 lightyears', 'sink.flush-buffer.timeout' = '10 bananas',
  'sink.requests.max-inflight' = '4', 'sink.request.timeout' = '0 s', 'sink.retry.max-retries' = 'many', 'sink.max-future' = 'never', 'sink.checks' = 'some');
INSERT INTO a SELECT 'm', 1E0, NOW(), 'x';
