"""A real Flink session cluster for tests: its processes, its package from PyPI, its REST interface.

Flink comes from PyPI (apache-flink-libraries) into the cache, once.
"""

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

CHECKPOINT_SECONDS = 5
SUBMIT_SECONDS = 120

# `env.java.opts.all` of Flink's own configuration, as far as these jobs need it.
OPENED = ["java.lang", "java.lang.reflect", "java.net", "java.io", "java.nio", "java.text", "java.time", "java.util",
          "java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks"]
JVM = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]

REPORTER = "org.apache.flink.metrics.prometheus.PrometheusReporterFactory"

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
    """The SQL jar with the native library inside: from the folder NARTHEX_SQL_JARS, else built."""
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


def run_lines(lines, run):
    """Runs `run(line, processes, folder)` for each line in a folder of its own; returns the script's exit code."""
    # So that what was started is ended also then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for line in lines:
        try:
            with tempfile.TemporaryDirectory(prefix="narthex-flink-") as folder:
                run_in(pathlib.Path(folder), line, run)
        except (Wrong, subprocess.SubprocessError) as wrong:
            print(f"flink {line}: FAILED: {wrong}", flush=True)
            return 1
        print(f"flink {line}: as it must be", flush=True)
    return 0


def run_in(folder, line, run):
    processes = Processes(folder)
    try:
        run(line, processes, folder)
    except BaseException:
        for log in sorted(folder.glob("*.log")):
            print(f"--- {log.name}, its end", *log.read_text(errors="replace").splitlines()[-25:], sep="\n")
        raise
    finally:
        processes.end_all()


class Cluster:
    """One job manager and some task managers; `jars` are in lib/ beside Flink's own, `options` are a task manager's."""

    def __init__(self, line, processes, folder, jars=(), task_managers=2, options=()):
        self.processes = processes
        self.folder = folder
        self.home = folder / "flink"
        self.options = options
        self.task_managers = {f"task-manager-{number + 1}" for number in range(task_managers)}
        package = fetch_flink(line)
        shutil.copytree(package / "lib", self.home / "lib", copy_function=os.symlink)
        for jar in jars:
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
        print(f"flink {line}: {package.name}, beside it in lib/: {', '.join(jar.name for jar in jars) or 'nothing'}",
              flush=True)

    def start(self):
        self.java("job-manager", "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", "-Xmx512m",
                  arguments=["--configDir", self.home / "conf"])
        for name in sorted(self.task_managers):
            self.start_task_manager(name)
        self.wait_for_task_managers()

    def start_task_manager(self, name):
        """Its id for Flink is its name here."""
        self.java(name, "org.apache.flink.runtime.taskexecutor.TaskManagerRunner", "-Xmx384m", *self.options,
                  arguments=["--configDir", self.home / "conf", "-D", f"taskmanager.resource-id={name}"])

    def wait_for_task_managers(self):
        def there():
            for name in ("job-manager", *self.task_managers):
                if self.processes.running[name].poll() is not None:
                    raise Wrong(f"{name} ended")
            return self.task_managers == {each["id"] for each in get(f"{self.rest}/taskmanagers")["taskmanagers"]}

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

    def submit_sql(self, name, script):
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
        process.wait(SUBMIT_SECONDS)
        printed = self.processes.log(client).read_text()
        del self.processes.running[client]
        job = re.search(r"Job ID: ([0-9a-f]{32})", printed)
        if not job:
            raise Wrong(f"the SQL client submitted nothing:\n{printed}")
        return job[1], printed

    def wait_for_end(self, job, seconds):
        return wait_for(f"the end of job {job}", lambda: (state := self.state(job)) in (
            "FINISHED", "FAILED", "CANCELED") and state, seconds)

    def state(self, job):
        return get(f"{self.rest}/jobs/{job}")["state"]

    def ledgers(self):
        """The last ledgers of all subtasks that were closed so far, by task manager and number."""
        found = {}
        for name in sorted(self.task_managers):
            lines = re.findall(r"the sink of subtask .* is closed: (.*)", self.processes.log(name).read_text())
            found.update({(name, number): json.loads(line) for number, line in enumerate(lines)})
        return found

    def checkpoints(self, job):
        return get(f"{self.rest}/jobs/{job}/checkpoints")["counts"]["completed"]

    def where_it_runs(self, job):
        found = set()
        for vertex in get(f"{self.rest}/jobs/{job}")["vertices"]:
            for each in get(f"{self.rest}/jobs/{job}/vertices/{vertex['id']}")["subtasks"]:
                found.add(each["taskmanager-id"])
        return sorted(found)


class ReportingCluster(Cluster):
    """Each process serves its metrics by Flink's own Prometheus reporter, on a port of its own."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        with (self.home / "conf/config.yaml").open("a") as configuration:
            configuration.write(f"metrics.reporter.prom.factory.class: {REPORTER}\n")

    def java(self, name, main_class, *options, jars=(), arguments=()):
        if name == "job-manager" or name in self.task_managers:
            port = free_port()
            arguments = [*arguments, "-D", f"metrics.reporter.prom.port={port}"]
            self.reports(name, port)
        return super().java(name, main_class, *options, jars=jars, arguments=arguments)

    def reports(self, name, port):
        """The process will serve its metrics there."""
