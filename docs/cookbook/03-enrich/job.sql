CREATE TABLE ev (
  vehicle_id STRING,
  region STRING,
  kind STRING,
  val DOUBLE,
  odo DOUBLE,
  speed DOUBLE,
  body STRING,
  ts BIGINT,
  rt AS TO_TIMESTAMP_LTZ(ts, 3),
  WATERMARK FOR rt AS rt - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/in/ev.json',
  'format' = 'json'
);

CREATE TABLE fleet_models (
  vehicle_id STRING,
  model STRING,
  ts BIGINT,
  since AS TO_TIMESTAMP_LTZ(ts, 3),
  WATERMARK FOR since AS since,
  PRIMARY KEY (vehicle_id) NOT ENFORCED
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/in/models.json',
  'format' = 'json'
);

CREATE TABLE o (
  vehicle_id STRING, model STRING, val DOUBLE, ts BIGINT
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

INSERT INTO o SELECT e.vehicle_id, COALESCE(m.model, 'unknown'), e.val, e.ts
FROM ev AS e LEFT JOIN fleet_models FOR SYSTEM_TIME AS OF e.rt AS m ON e.vehicle_id = m.vehicle_id;
