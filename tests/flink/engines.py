"""Both engines side by side: a job file on Flink's mini cluster and in `narthex run`, and what they wrote.

A job file here has `${OUT}` where its tables' folders begin; each engine writes below a folder of its own.
"""

import collections
import concurrent.futures
import decimal
import itertools
import json
import os
import pathlib
import subprocess
import threading

from cluster import CACHE, JVM, REPOSITORY, Wrong, fetch_flink

JOBS = pathlib.Path(__file__).resolve().parent / "job"
LINE = "2.2"
JOB_SECONDS = 240

# How a job ended: "ok", "plan" (refused before it ran), "run" (failed while it ran), and what was said.
Ended = collections.namedtuple("Ended", "how message")


class Flink:
    """One JVM with a mini cluster, for as many jobs as there are."""

    def __init__(self, folder, jars=(), workers=2):
        self.folder = folder
        library = [*sorted(fetch_flink(LINE).glob("lib/*.jar")), *jars]
        classes = folder / "classes"
        classes.mkdir()
        path = ":".join(map(str, [*library, classes]))
        subprocess.run(["javac", "-nowarn", "-cp", path, "-d", classes, JOBS / "FlinkJobs.java"], check=True)
        self.log = folder / "flink.log"
        # Many short jobs: compiling less is faster, and what was compiled of each job stays. UTC as in the golden cases.
        # What the JVM itself warns of is no answer.
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["java", "-Xmx1500m", "-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=240m",
                 "-XX:+DisplayVMOutputToStderr", "-XX:+UseSerialGC", "-Duser.timezone=UTC", *JVM,
                 f"-Djava.io.tmpdir={folder}", f"-Dlog4j.configurationFile={JOBS / 'flink_jobs_logging.properties'}",
                 "-cp", path, "FlinkJobs", str(workers)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8")
        if self.process.stdout.readline().strip() != "ready":
            raise Wrong(f"Flink's mini cluster did not start:\n{self.log.read_text()}")
        self.ids = map(str, itertools.count(1))
        self.waiting = {}
        self.lock = threading.Lock()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            number, *answer = line.rstrip("\n").split("\t")
            if number not in self.waiting or not answer:
                continue  # Not of FlinkJobs; what waits for an answer must not wait for ever because of it.
            how, *message = answer
            self.waiting.pop(number).set_result(Ended(how, " ".join(message)))
        for future in list(self.waiting.values()):
            future.set_exception(Wrong(f"Flink's JVM ended, see {self.log}"))

    def ask(self, command, *arguments):
        future = concurrent.futures.Future()
        with self.lock:
            number = next(self.ids)
            self.waiting[number] = future
            self.process.stdin.write("\t".join([command, number, *map(str, arguments)]) + "\n")
            self.process.stdin.flush()
        return future

    def run(self, file, parallelism=1):
        return self.ask("run", parallelism, file)

    def types(self, declarations, expressions, scratch):
        """The type of each expression over table `t`, or "!" and why Flink does not plan it."""
        (scratch / "declarations.sql").write_text(declarations)
        (scratch / "expressions.txt").write_text("".join(" ".join(each.split("\n")) + "\n" for each in expressions))
        asked = self.ask("types", scratch / "declarations.sql", scratch / "expressions.txt", scratch / "types.txt")
        ended = asked.result(JOB_SECONDS)
        if ended.how != "ok":
            raise Wrong(f"Flink does not take the declarations: {ended.message}")
        return (scratch / "types.txt").read_text().split("\n")[:len(expressions)]

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Narthex:
    """The binary; what it says is kept for the report."""

    def __init__(self, binary=None):
        self.binary = binary or binary_path()
        self.workers = concurrent.futures.ThreadPoolExecutor(2)

    def run(self, file, parallelism=1, more=()):
        return self.workers.submit(self.run_now, file, parallelism, more)

    def run_now(self, file, parallelism, more=()):
        ran = subprocess.run(
            [self.binary, "run", "--set", "narthex.on-bad-record=fail", "--set", f"parallelism.default={parallelism}",
             *more, file], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=JOB_SECONDS, env=dict(os.environ, RUST_BACKTRACE="0"))
        said = ran.stderr.decode(errors="replace").strip()
        how = {0: "ok", 64: "plan", 1: "run"}.get(ran.returncode, f"exit {ran.returncode}")
        return Ended(how, said)


def binary_path():
    """The development build, or what the variable NARTHEX_BINARY names."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or CACHE / "target")
    found = pathlib.Path(os.environ.get("NARTHEX_BINARY") or target / "debug/narthex")
    if not found.exists():
        raise Wrong(f"there is no {found}: cargo build --workspace")
    return found


def written(folder):
    """The lines of each table's finished files below a folder."""
    tables = {}
    for table in sorted(folder.iterdir()) if folder.exists() else []:
        files = sorted(path for path in table.rglob("*") if path.is_file() and not path.name.startswith((".", "_")))
        tables[table.name] = [line for path in files for line in path.read_text().split("\n") if line]
    return tables


def canonical(line):
    """A row such that equal ones are equal as text: numbers as numbers, keys in order."""
    try:
        return json.dumps(json.loads(line, parse_float=number, parse_int=number), sort_keys=True, ensure_ascii=False)
    except ValueError:
        return line


def number(text):
    """A number as one text for all of its spellings, exact also beyond 2^53."""
    value = decimal.Decimal(text)
    if value == 0:
        return "number -0" if text.startswith("-") and any(mark in text for mark in ".eE") else "number 0"
    return f"number {value.normalize():E}"
