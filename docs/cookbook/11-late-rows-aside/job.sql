-- A watermark behind every row: what is late does not depend on the clock (Flink's default is one each 200 ms).
SET 'pipeline.auto-watermark-interval' = '0';
SET 'table.exec.resource.default-parallelism' = '1';

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

CREATE TABLE o (
  region STRING, n BIGINT, s TIMESTAMP(3)
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/o',
  'format' = 'json'
);

CREATE TABLE late (
  vehicle_id STRING, kind STRING, val DOUBLE, ts BIGINT
) WITH (
  'connector' = 'filesystem',
  'path' = '${CASE}/out/late',
  'format' = 'json'
);

EXECUTE STATEMENT SET BEGIN
INSERT INTO o SELECT region, COUNT(*), window_start
FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(rt), INTERVAL '10' SECOND)) GROUP BY region, window_start, window_end;
INSERT INTO late SELECT vehicle_id, kind, val, ts FROM ev WHERE rt <= CURRENT_WATERMARK(rt);
END;
