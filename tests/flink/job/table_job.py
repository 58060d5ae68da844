"""A Table API job in Python: rows that Python made, into a table of the connector.

usage: table_job.py JAR URL START_MS SERIES STEPS   (run by python_table.py, with the apache-flink package)
"""

import datetime
import sys

from pyflink.table import DataTypes, EnvironmentSettings, TableEnvironment
from pyflink.table.expressions import col


def main():
    jar, url, start_ms, series, steps = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
    tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    tables.get_config().set("pipeline.jars", f"file://{jar}")
    tables.get_config().set("table.local-time-zone", "UTC")
    tables.execute_sql(f"""
        CREATE TABLE metrics (room STRING, `value` DOUBLE, ts TIMESTAMP(3)) WITH (
          'connector' = 'prometheus',
          'metric.endpoint-url' = '{url}/api/v1/write',
          'metric.name.literal' = 'python_ticks',
          'metric.sample.key' = 'value',
          'metric.sample.timestamp' = 'ts'
        )""")
    start = datetime.datetime.fromtimestamp(start_ms / 1000, datetime.timezone.utc).replace(tzinfo=None)
    rows = [(f"room-{room}", step + room / 8, start + datetime.timedelta(seconds=step))
            for step in range(steps) for room in range(series)]
    ticks = tables.from_elements(rows, DataTypes.ROW([
        DataTypes.FIELD("room", DataTypes.STRING()),
        DataTypes.FIELD("value", DataTypes.DOUBLE()),
        DataTypes.FIELD("ts", DataTypes.TIMESTAMP(3))]))
    # An expression of the Table API on the way: what is stored is twice what was made.
    doubled = ticks.select(col("room"), (col("value") * 2).alias("value"), col("ts"))
    doubled.execute_insert("metrics").wait()


if __name__ == "__main__":
    main()
