#!/usr/bin/env python3
"""A real Flink session cluster with the SQL jar in lib/, a real Prometheus, jobs from SQL scripts.

usage: session_cluster.py [--line 2.2] [--line 1.20] [--prometheus 2] [--prometheus 3] [--show]

For each line of Flink and each Prometheus (default: all) three bounded jobs, each into a Prometheus of its own:
  uninterrupted              stored data equal what was generated
  task manager killed        kill -9 of the task manager that runs the job; the job recovers, stored data equal; what
                             the source sent again is counted as replayed, and nothing as rejected
  the same, with a window    Prometheus takes samples out of order
Flink comes from PyPI (apache-flink-libraries) into the cache, once. The SQL jar is built (with
NARTHEX_NATIVE_BUILT=1 around the native library that is there), or taken from the folder NARTHEX_SQL_JARS.
--show prints the SQL client's output. All processes and files are gone at the end.
Exit 0: all as it must be; 1: something was not.
"""

import argparse
import collections
import signal
import sys
import time

from cluster import FLINK, Cluster, Wrong, get, run_lines, sql_jar, wait_for
from servers import Prometheus, find_prometheus

SERIES = 20
SAMPLES_A_SERIES = 500
ROWS_A_SECOND = 400
DEADLINE_SECONDS = 180  # of one job, which runs for 25 s

# Sample n of the sequence: series n % SERIES, a second after that series' last one.
SQL = """\
CREATE TABLE ticks (n BIGINT) WITH (
  'connector' = 'datagen',
  'rows-per-second' = '{rows_a_second}',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '{last}'
);

CREATE TABLE metrics (
  room    STRING,
  `value` DOUBLE,
  ts      TIMESTAMP_LTZ(3)
) WITH (
  'connector' = 'prometheus',
  'metric.endpoint-url' = '{url}/api/v1/write',
  'metric.name.literal' = 'room_ticks',
  'metric.sample.key' = 'value',
  'metric.sample.timestamp' = 'ts'{more}
);

INSERT INTO metrics
SELECT CAST(n % {series} AS STRING), CAST(n AS DOUBLE), TO_TIMESTAMP_LTZ({start_ms} + n / {series} * 1000, 3)
FROM ticks;
"""


class Run:
    """One bounded job into a Prometheus of its own."""

    def __init__(self, cluster, server, name, window=None, kill=False):
        self.cluster = cluster
        self.server = server
        self.name = f"prometheus-{server.major}-{name}"
        self.window = window
        self.kill = kill
        # All in the past, and within the hour that an empty Prometheus takes behind its newest sample.
        self.start_ms = (int(time.time()) - 2 * SAMPLES_A_SERIES) * 1000
        self.end_ms = self.start_ms + SAMPLES_A_SERIES * 1000

    def generated(self):
        """Each series' samples, as the SQL script makes them."""
        return {str(series): [(self.start_ms + step * 1000, step * SERIES + series) for step in range(SAMPLES_A_SERIES)]
                for series in range(SERIES)}

    def stored(self):
        found = {}
        for series in self.prometheus.query("room_ticks[1h]", self.end_ms):
            room = series["metric"]["room"]
            if room in found:
                raise Wrong(f"two series with room={room}")
            found[room] = [(round(at * 1000), float(value)) for at, value in series["values"]]
        return found

    def count(self):
        result = self.prometheus.query("sum(count_over_time(room_ticks[1h]))", self.end_ms)
        return int(result[0]["value"][1]) if result else 0

    def script(self):
        more = f",\n  'sink.out-of-order-window' = '{self.window}'" if self.window else ""
        return SQL.format(rows_a_second=ROWS_A_SECOND, last=SERIES * SAMPLES_A_SERIES - 1, series=SERIES,
                          url=self.prometheus.url, start_ms=self.start_ms, more=more)

    def run(self, show):
        prometheus_window = self.window and self.window.replace(" ", "")
        self.prometheus = Prometheus(
            self.server, self.cluster.processes, self.cluster.folder, self.name, prometheus_window)
        self.closed_before = self.cluster.ledgers().keys()
        self.job, printed = self.cluster.submit_sql(self.name, self.script())
        if show:
            print(printed, flush=True)
        began = time.monotonic()
        if self.kill:
            self.kill_task_manager()
        self.cluster.wait_for_end(self.job, DEADLINE_SECONDS)
        self.compare(time.monotonic() - began)
        self.count_fates()
        self.prometheus.end()

    def kill_task_manager(self):
        """Mid-way, well after a checkpoint, so that something has to be done again."""
        third = SERIES * SAMPLES_A_SERIES // 3
        wait_for("a third stored", lambda: self.count() > third, DEADLINE_SECONDS)
        self.wait_for_something_to_replay()
        victim = self.cluster.where_it_runs(self.job)[0]
        stored = self.count()
        self.cluster.processes.end(victim, signal.SIGKILL)
        killed = time.monotonic()
        # Running again, in another place; until then the REST answers show the dead one.
        wait_for("the job to run again", lambda: self.cluster.state(self.job) == "RUNNING"
                 and victim not in self.cluster.where_it_runs(self.job)
                 and get(f"{self.cluster.rest}/jobs/{self.job}/checkpoints")["latest"]["restored"], DEADLINE_SECONDS)
        running = time.monotonic() - killed
        # What other subtasks wrote until they were stopped is there too; what is new comes after what is replayed.
        stored = max(stored, self.count())
        wait_for("new samples", lambda: self.count() > stored, DEADLINE_SECONDS)
        print(f"  {self.name}: kill -9 of {victim} with {stored} samples stored; running again after {running:.1f} s, "
              f"new samples after {time.monotonic() - killed:.1f} s", flush=True)
        self.cluster.start_task_manager(victim)
        self.cluster.wait_for_task_managers()

    def wait_for_something_to_replay(self):
        """Until a second's worth is stored that the last checkpoint does not know as written."""
        while True:
            before = self.cluster.checkpoints(self.job)
            last = wait_for("a checkpoint", lambda: (now := self.cluster.checkpoints(self.job)) > before and now,
                            DEADLINE_SECONDS)
            then = self.count()
            wait_for("samples after it", lambda: self.count() >= then + ROWS_A_SECOND, DEADLINE_SECONDS)
            if self.cluster.checkpoints(self.job) == last:
                return

    def count_fates(self):
        """What the subtasks' last ledgers say; those of a task manager that was killed are lost with it."""
        ledgers = [ledger for key, ledger in self.cluster.ledgers().items() if key not in self.closed_before]
        rejected, dropped = collections.Counter(), collections.Counter()
        for ledger in ledgers:
            rejected.update(ledger["rejected"])
            dropped.update(ledger["dropped"])
        replayed = sum(ledger["replayed"] for ledger in ledgers)
        print(f"  {self.name}: written {sum(ledger['written'] for ledger in ledgers)}, replayed {replayed}, "
              f"rejected {dict(rejected)}, dropped {dict(dropped)}", flush=True)
        if rejected or dropped:
            raise Wrong(f"{self.name}: rejected {dict(rejected)}, dropped {dict(dropped)}")
        if self.kill and not self.window and not replayed:
            raise Wrong(f"{self.name}: nothing was replayed, so the run shows nothing")

    def compare(self, seconds):
        state = self.cluster.state(self.job)
        generated, stored = self.generated(), self.stored()
        total = sum(map(len, stored.values()))
        print(f"  {self.name}: {state} after {seconds:.1f} s, {len(stored)} series, {total} samples stored, "
              f"sum {sum(value for each in stored.values() for _, value in each):.0f}; "
              f"{self.prometheus.requests()}", flush=True)
        if state != "FINISHED":
            raise Wrong(f"{self.name}: the job is {state}")
        for room, samples in generated.items():
            found = stored.get(room, [])
            if found != samples:
                missing, odd = sorted(set(samples) - set(found)), sorted(set(found) - set(samples))
                raise Wrong(f"{self.name}: room={room}: {len(found)} stored of {len(samples)}; "
                            f"missing {missing[:5]}, not generated {odd[:5]}")
        if len(stored) != len(generated):
            raise Wrong(f"{self.name}: series that were not generated: {sorted(set(stored) - set(generated))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--line", action="append", choices=FLINK)
    parser.add_argument("--prometheus", action="append", type=int, choices=(2, 3))
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    servers = [find_prometheus(major) for major in arguments.prometheus or (2, 3)]

    def run(line, processes, folder):
        cluster = Cluster(line, processes, folder, jars=[sql_jar(line)])
        cluster.start()
        for server in servers:
            Run(cluster, server, "uninterrupted").run(arguments.show)
            Run(cluster, server, "killed", kill=True).run(arguments.show)
            Run(cluster, server, "killed-with-window", window="1 h", kill=True).run(arguments.show)

    return run_lines(arguments.line or FLINK, run)


if __name__ == "__main__":
    sys.exit(main())
