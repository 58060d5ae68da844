#!/usr/bin/env python3
"""A real Flink session cluster with the SQL jar in lib/, a real Prometheus, jobs from SQL scripts.

usage: session_cluster.py [--line 2.2] [--line 1.20] [--show]

For each line of Flink (default: both) three bounded jobs, each into a Prometheus of its own:
  uninterrupted              stored data equal what was generated
  task manager killed        kill -9 of the task manager that runs the job; the job recovers, stored data equal
  the same, with a window    Prometheus takes samples out of order
Flink comes from PyPI (apache-flink-libraries) into the cache, once. The SQL jar is built (with
NARTHEX_NATIVE_BUILT=1 around the native library that is there), or taken from the folder NARTHEX_SQL_JARS.
--show prints the SQL client's output. All processes and files are gone at the end.
Exit 0: all as it must be; 1: something was not.
"""

import argparse
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "narthex"
# The package's version; where it keeps lib/, opt/ and plugins/; the SQL gateway, which the SQL client needs and the
# package lacks, in its newest version on Maven Central.
FLINK = {"2.2": ("2.2.1", "pyflink", "2.2.1"), "1.20": ("1.20.5", "apache_flink_libraries-1.20.5/deps", "1.20.3")}

SERIES = 20
SAMPLES_A_SERIES = 500
ROWS_A_SECOND = 400
CHECKPOINT_SECONDS = 5
DEADLINE_SECONDS = 180  # of one job, which runs for 25 s

# `env.java.opts.all` of Flink's own configuration, as far as these jobs need it.
OPENED = ["java.lang", "java.lang.reflect", "java.net", "java.io", "java.nio", "java.text", "java.time", "java.util",
          "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks"]
JVM = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]

# Memory has to be given in parts: bin/taskmanager.sh, which the package does not bring, would work them out.
CONFIGURATION = """\
jobmanager.rpc.address: 127.0.0.1
jobmanager.rpc.port: {rpc_port}
jobmanager.bind-host: 127.0.0.1
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
rest.port: {rest_port}
taskmanager.host: 127.0.0.1
taskmanager.bind-host: 127.0.0.1
taskmanager.numberOfTaskSlots: 2
taskmanager.cpu.cores: 1
taskmanager.memory.framework.heap.size: 128m
taskmanager.memory.framework.off-heap.size: 128m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.memory.jvm-overhead.min: 192m
taskmanager.memory.jvm-overhead.max: 192m
taskmanager.memory.task.heap.size: 256m
taskmanager.memory.task.off-heap.size: 64m
taskmanager.memory.network.min: 64m
taskmanager.memory.network.max: 64m
taskmanager.memory.managed.size: 64m
heartbeat.interval: 1000
heartbeat.timeout: 10000
execution.target: remote
execution.checkpointing.interval: {checkpoint_seconds} s
execution.checkpointing.dir: file://{folder}/checkpoints
restart-strategy.type: fixed-delay
restart-strategy.fixed-delay.attempts: 5
restart-strategy.fixed-delay.delay: 1 s
parallelism.default: 2
io.tmp.dirs: {folder}/tmp
"""

LOGGING = """\
rootLogger.level = ${sys:log.level:-INFO}
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c - %m%n
"""

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


class Wrong(Exception):
    """What was not as it must be."""


class Processes:
    """What was started here, and nothing else; each with its output in a file."""

    def __init__(self, folder):
        self.folder = folder
        self.running = {}

    def start(self, name, command, **more):
        with open(self.log(name), "ab") as log:
            self.running[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **more)
        return self.running[name]

    def log(self, name):
        return self.folder / f"{name}.log"

    def end(self, name, by=signal.SIGTERM):
        process = self.running.pop(name)
        process.send_signal(by)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def end_all(self):
        for name in list(self.running):
            self.end(name)


def free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def get(url, **query):
    if query:
        url += "?" + urllib.parse.urlencode(query)
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def wait_for(what, probe, seconds=60, pause=0.2):
    """Returns the probe's first result that is neither false nor a refused connection."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            found = probe()
        except (urllib.error.URLError, OSError):
            found = None
        if found:
            return found
        time.sleep(pause)
    raise Wrong(f"{what}: not within {seconds} s")


def fetch_flink(line):
    """Returns the folder with Flink's lib, opt and plugins; downloads it where the cache has none."""
    version, inside, gateway = FLINK[line]
    home = CACHE / f"flink-{version}"
    if home.exists():
        return home
    print(f"flink {line}: downloading apache-flink-libraries {version} from PyPI, once", flush=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--no-binary", ":none:", "--dest", scratch, f"apache-flink-libraries=={version}"], check=True)
        archive = next(pathlib.Path(scratch).iterdir())
        opened = zipfile.ZipFile(archive) if archive.suffix == ".whl" else tarfile.open(archive)
        with opened:
            opened.extractall(pathlib.Path(scratch) / "unpacked")
        unpacked = pathlib.Path(scratch) / "unpacked" / inside
        subprocess.run(
            ["mvn", "-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
             f"-Dartifact=org.apache.flink:flink-sql-gateway:{gateway}", f"-DoutputDirectory={unpacked}/opt"],
            check=True, cwd=scratch, stdin=subprocess.DEVNULL)
        unpacked.rename(home)
    return home


def sql_jar(line):
    folder = os.environ.get("NARTHEX_SQL_JARS")
    if not folder:
        if os.environ.get("NARTHEX_NATIVE_BUILT") != "1":
            subprocess.run([REPOSITORY / "scripts/native.sh", "--dev"], check=True)
        subprocess.run(["mvn", "-q", "-B", "-f", REPOSITORY / "java/pom.xml", f"-Dflink.line={line}", "-DskipTests",
                        "package"], check=True, stdin=subprocess.DEVNULL)
        folder = REPOSITORY / f"java/narthex-flink-sql/target/{line}"
    found = glob.glob(f"{folder}/narthex-flink-sql-*-{line}.jar")
    if len(found) != 1:
        raise Wrong(f"one SQL jar expected in {folder}, found {found}")
    return pathlib.Path(found[0])


def find_prometheus():
    for candidate in [os.environ.get("NARTHEX_PROMETHEUS_2"), shutil.which("prometheus"),
                      CACHE / "prometheus-2/prometheus"]:
        if candidate and pathlib.Path(candidate).exists():
            return str(candidate)
    raise Wrong("no Prometheus 2.x: run scripts/setup.sh")


class Cluster:
    """One job manager, two task managers."""

    def __init__(self, line, processes, folder):
        self.processes = processes
        self.folder = folder
        self.home = folder / "flink"
        package = fetch_flink(line)
        jar = sql_jar(line)
        shutil.copytree(package / "lib", self.home / "lib", copy_function=os.symlink)
        shutil.copy(jar, self.home / "lib")
        for name in ("opt", "plugins"):
            (self.home / name).symlink_to(package / name)
        rest_port = free_port()
        (self.home / "conf").mkdir()
        (folder / "tmp").mkdir()
        (self.home / "conf/config.yaml").write_text(CONFIGURATION.format(
            rpc_port=free_port(), rest_port=rest_port, folder=folder, checkpoint_seconds=CHECKPOINT_SECONDS))
        (self.home / "conf/log4j.properties").write_text(LOGGING)
        self.rest = f"http://127.0.0.1:{rest_port}"
        print(f"flink {line}: {package.name}, lib/{jar.name}", flush=True)

    def start(self):
        self.java("job-manager", "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", "-Xmx512m",
                  arguments=["--configDir", self.home / "conf"])
        for name in ("task-manager-1", "task-manager-2"):
            self.start_task_manager(name)
        self.wait_for_task_managers({"task-manager-1", "task-manager-2"})

    def start_task_manager(self, name):
        """Its id for Flink is its name here."""
        self.java(name, "org.apache.flink.runtime.taskexecutor.TaskManagerRunner", "-Xmx384m",
                  arguments=["--configDir", self.home / "conf", "-D", f"taskmanager.resource-id={name}"])

    def wait_for_task_managers(self, names):
        def there():
            for name in ("job-manager", *names):
                if self.processes.running[name].poll() is not None:
                    raise Wrong(f"{name} ended")
            return names == {each["id"] for each in get(f"{self.rest}/taskmanagers")["taskmanagers"]}

        wait_for("task managers", there)

    def java(self, name, main_class, *options, jars=(), arguments=()):
        # flink-dist comes last, as Flink's scripts have it.
        lib = sorted(self.home.glob("lib/*.jar"), key=lambda jar: ("flink-dist" in jar.name, jar.name))
        environment = dict(os.environ, FLINK_CONF_DIR=str(self.home / "conf"), FLINK_LIB_DIR=str(self.home / "lib"),
                           FLINK_OPT_DIR=str(self.home / "opt"), FLINK_PLUGINS_DIR=str(self.home / "plugins"))
        return self.processes.start(
            name,
            ["java", *options, *JVM, f"-Djava.io.tmpdir={self.folder}/tmp",
             f"-Dlog4j.configurationFile=file:{self.home}/conf/log4j.properties",
             "-cp", ":".join(map(str, [*lib, *jars])), main_class, *map(str, arguments)],
            env=environment)

    def submit(self, name, script):
        """Runs the script in the SQL client; returns the job's id and what the client printed."""
        file = self.folder / f"{name}.sql"
        file.write_text(script)
        # The client asks for Python's jar whether it is used or not. Its log would stand between what it prints.
        jar, *others = (next((self.home / "opt").glob(f"flink-{part}-[0-9]*.jar"))
                        for part in ("sql-client", "sql-gateway", "python"))
        client = f"sql-client-{name}"
        process = self.java(client, "org.apache.flink.table.client.SqlClient", "-Xmx384m", "-Dlog.level=OFF",
                            jars=[jar, *others],
                            arguments=["embedded", "--jar", jar, "--history", self.folder / "history", "-f", file])
        process.wait(DEADLINE_SECONDS)
        printed = self.processes.log(client).read_text()
        del self.processes.running[client]
        job = re.search(r"Job ID: ([0-9a-f]{32})", printed)
        if not job:
            raise Wrong(f"the SQL client submitted nothing:\n{printed}")
        return job[1], printed

    def state(self, job):
        return get(f"{self.rest}/jobs/{job}")["state"]

    def checkpoints(self, job):
        return get(f"{self.rest}/jobs/{job}/checkpoints")["counts"]["completed"]

    def where_it_runs(self, job):
        found = set()
        for vertex in get(f"{self.rest}/jobs/{job}")["vertices"]:
            for each in get(f"{self.rest}/jobs/{job}/vertices/{vertex['id']}")["subtasks"]:
                found.add(each["taskmanager-id"])
        return sorted(found)


class Prometheus:
    """A receiver, empty at its start."""

    def __init__(self, processes, folder, name, window):
        self.processes = processes
        self.name = f"prometheus-{name}"
        data = folder / self.name
        data.mkdir()
        configuration = data / "prometheus.yml"
        configuration.write_text("storage: {tsdb: {out_of_order_time_window: %s}}\n" % window if window else "{}\n")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        processes.start(self.name, [
            find_prometheus(), f"--config.file={configuration}", f"--storage.tsdb.path={data}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"])
        wait_for("Prometheus", lambda: urllib.request.urlopen(f"{self.url}/-/ready", timeout=5).status == 200)

    def query(self, text, at_ms):
        return get(f"{self.url}/api/v1/query", query=text, time=at_ms / 1000)["data"]["result"]

    def requests(self):
        """How often it was written to, by status code."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:
            found = re.findall(r'^prometheus_http_requests_total\{code="(\d+)",handler="/api/v1/write"\} (\S+)',
                               answer.read().decode(), re.MULTILINE)
        return ", ".join(f"{int(float(count))} requests answered {code}" for code, count in found)

    def end(self):
        self.processes.end(self.name)


class Run:
    """One bounded job into a Prometheus of its own."""

    def __init__(self, cluster, name, window=None, kill=False):
        self.cluster = cluster
        self.name = name
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
        self.prometheus = Prometheus(self.cluster.processes, self.cluster.folder, self.name, prometheus_window)
        self.job, printed = self.cluster.submit(self.name, self.script())
        if show:
            print(printed, flush=True)
        began = time.monotonic()
        if self.kill:
            self.kill_task_manager()
        wait_for("the job's end", lambda: self.cluster.state(self.job) in ("FINISHED", "FAILED", "CANCELED"),
                 DEADLINE_SECONDS)
        self.compare(time.monotonic() - began)
        self.prometheus.end()

    def kill_task_manager(self):
        """Mid-way, well after a checkpoint, so that something has to be done again."""
        third = SERIES * SAMPLES_A_SERIES // 3
        wait_for("a third stored", lambda: self.count() > third, DEADLINE_SECONDS)
        before = self.cluster.checkpoints(self.job)
        wait_for("a checkpoint", lambda: self.cluster.checkpoints(self.job) > before, DEADLINE_SECONDS)
        time.sleep(CHECKPOINT_SECONDS / 2)
        victim = self.cluster.where_it_runs(self.job)[0]
        stored = self.count()
        self.cluster.processes.end(victim, signal.SIGKILL)
        killed = time.monotonic()
        # Running again, in another place; until then the REST answers show the dead one.
        wait_for("the job to run again", lambda: self.cluster.state(self.job) == "RUNNING"
                 and victim not in self.cluster.where_it_runs(self.job)
                 and get(f"{self.cluster.rest}/jobs/{self.job}/checkpoints")["latest"]["restored"], DEADLINE_SECONDS)
        running = time.monotonic() - killed
        wait_for("new samples", lambda: self.count() > stored, DEADLINE_SECONDS)
        print(f"  {self.name}: kill -9 of {victim} with {stored} samples stored; running again after {running:.1f} s, "
              f"caught up after {time.monotonic() - killed:.1f} s", flush=True)
        self.cluster.start_task_manager(victim)
        self.cluster.wait_for_task_managers({"task-manager-1", "task-manager-2"})

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


def run_line(line, show):
    with tempfile.TemporaryDirectory(prefix="narthex-flink-") as folder:
        folder = pathlib.Path(folder)
        processes = Processes(folder)
        try:
            cluster = Cluster(line, processes, folder)
            cluster.start()
            Run(cluster, "uninterrupted").run(show)
            Run(cluster, "killed", kill=True).run(show)
            Run(cluster, "killed-with-window", window="1 h", kill=True).run(show)
        except BaseException:
            for log in sorted(folder.glob("*.log")):
                print(f"--- {log.name}, its end", *log.read_text(errors="replace").splitlines()[-25:], sep="\n")
            raise
        finally:
            processes.end_all()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--line", action="append", choices=FLINK)
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    # So that what was started is ended also then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for line in arguments.line or FLINK:
        try:
            run_line(line, arguments.show)
        except (Wrong, subprocess.SubprocessError) as wrong:
            print(f"flink {line}: FAILED: {wrong}", flush=True)
            return 1
        print(f"flink {line}: as it must be", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
