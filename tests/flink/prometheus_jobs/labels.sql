-- Labels: of every scalar type, null and empty, from a map; names that clash or cannot be names.
CREATE TABLE rows_ (
  s STRING, ti TINYINT, l BIGINT, f FLOAT, d DOUBLE, m DECIMAL(10, 3), bo BOOLEAN, dt DATE, tm TIME, ts TIMESTAMP(6), lz TIMESTAMP_LTZ(3),
  raw_ BYTES, attrs MAP<STRING, STRING>, ms BIGINT
) WITH ('connector' = 'filesystem', 'path' = '${CASE}/labels.json', 'format' = 'json');
CREATE TABLE typed (
  s STRING, ti TINYINT, l BIGINT, f FLOAT, d DOUBLE, m DECIMAL(10, 3), bo BOOLEAN, dt DATE, tm TIME, ts TIMESTAMP(6), lz TIMESTAMP_LTZ(3),
  raw_ BYTES, v INT, ms BIGINT
) WITH (${PROMETHEUS}, 'metric.name.literal' = 'typed', 'metric.sample.key' = 'v', 'metric.sample.timestamp' = 'ms');
CREATE TABLE mapped (s STRING, attrs MAP<STRING, STRING>, v INT, ms BIGINT) WITH (${PROMETHEUS},
  'metric.name.literal' = 'mapped', 'metric.label.map' = 'attrs', 'metric.sample.key' = 'v', 'metric.sample.timestamp' = 'ms');
CREATE TABLE chosen (s STRING, l BIGINT, v INT, ms BIGINT, gone BOOLEAN) WITH (${PROMETHEUS},
  'metric.name.literal' = 'chosen', 'metric.label.keys' = '[l]', 'metric.sample.key' = 'v', 'metric.sample.timestamp' = 'ms',
  'metric.stale' = 'gone');
INSERT INTO typed SELECT s, ti, l, f, d, m, bo, dt, tm, ts, lz, raw_, 1, ms FROM rows_;
INSERT INTO mapped SELECT s, attrs, 2, ms FROM rows_;
INSERT INTO chosen SELECT s, l, 3, ms, bo FROM rows_;
