-- Several samples of a row: ARRAY<ROW<value, time>>, with nulls inside, none at all, and out of order.
CREATE TABLE arrays (device STRING, samples ARRAY<ROW<v DOUBLE, ms BIGINT>>) WITH (
  'connector' = 'filesystem', 'path' = '${CASE}/arrays.json', 'format' = 'json'
);
CREATE TABLE series (device STRING, samples ARRAY<ROW<v DOUBLE, ms BIGINT>>) WITH (${PROMETHEUS},
  'metric.name.literal' = 'series', 'metric.samples' = 'samples');
INSERT INTO series SELECT device, samples FROM arrays;
