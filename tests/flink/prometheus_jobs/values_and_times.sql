-- What a value and a time can be: NaN, infinities, zeros, numbers of all types, times before 1970; nulls are dropped.
CREATE TABLE samples (v DOUBLE, f FLOAT, m DECIMAL(20, 5), l BIGINT, ms BIGINT, ts TIMESTAMP(3), region STRING) WITH (
  'connector' = 'filesystem', 'path' = '${CASE}/samples.json', 'format' = 'json'
);
CREATE TABLE doubles (v DOUBLE, ms BIGINT, region STRING) WITH (${PROMETHEUS},
  'metric.name.literal' = 'doubles', 'metric.sample.key' = 'v', 'metric.sample.timestamp' = 'ms');
CREATE TABLE floats (v FLOAT, ts TIMESTAMP(3), region STRING) WITH (${PROMETHEUS},
  'metric.name.literal' = 'floats', 'metric.sample.key' = 'v', 'metric.sample.timestamp' = 'ts');
CREATE TABLE decimals (v DECIMAL(20, 5), lz TIMESTAMP_LTZ(3), region STRING) WITH (${PROMETHEUS},
  'metric.name.literal' = 'decimals', 'metric.sample.key' = 'v', 'metric.sample.timestamp' = 'lz');
CREATE TABLE longs (v BIGINT, ms BIGINT, name STRING) WITH (${PROMETHEUS},
  'metric.name' = 'name', 'metric.sample.key' = 'v', 'metric.sample.timestamp' = 'ms');
INSERT INTO doubles SELECT v, ms, region FROM samples;
INSERT INTO floats SELECT f, ts, region FROM samples;
INSERT INTO decimals SELECT m, TO_TIMESTAMP_LTZ(ms, 3), region FROM samples;
INSERT INTO longs SELECT l, ms, CONCAT('longs_', region) FROM samples;
