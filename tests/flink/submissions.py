#!/usr/bin/env python3
"""Many submissions of a job jar that carries the sink to one session cluster: what is left of them afterwards.

usage: submissions.py [--line 2.2] [--line 1.20] [--count 50]

The jar holds a small job, the sink and the native library; nothing of narthex is in lib/. So each submission has a
class loader of its own, and each class loader loads a native library of its own. One of the jobs fails, because the
receiver refuses it. After each tenth one the task manager collects its garbage and the script prints what is alive;
at the end there must be no class loader of a job, no thread of the sink, no mapped library and no open file more
than after the first ten, and at most 1 MB of resident memory more a submission.
Exit 0: all as it must be; 1: something was not.
"""

import argparse
import collections
import contextlib
import glob
import http.server
import json
import pathlib
import re
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
import zipfile

from cluster import FLINK, REPOSITORY, Cluster, Wrong, get, run_lines, sql_jar, wait_for

SAMPLES = 1000
WARM_UP = 10
STEP = 10
LEAST_COUNT = 50  # with fewer, the JVM's own growth hides the jobs'
MOST_GROWTH_KIB = 1024  # a submission
DEADLINE_SECONDS = 60
REFUSED = "/refused"
UNLOAD_SECONDS = 10
FAILS = 15  # the number of the submission whose job fails
USER_LOADER = "ChildFirstClassLoader"

Alive = collections.namedtuple("Alive", "loaders threads libraries files rss_kib")


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes every signed request, but for those to one path."""

    protocol_version = "HTTP/1.1"

    def handle(self):
        # A job that is cancelled hangs up.
        with contextlib.suppress(ConnectionError):
            super().handle()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["X-Signed"] and self.path != REFUSED:
            self.send_response(204)
        else:
            self.send_response(404)
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def job_jar(line, folder, sink_jar, home):
    """Compiles the job, and puts it and the sink into one jar."""
    classes = folder / "classes"
    classpath = ":".join([str(sink_jar), *glob.glob(f"{home}/lib/*.jar")])
    subprocess.run(["javac", "--release", "11", "-nowarn", "-cp", classpath, "-d", classes,
                    pathlib.Path(__file__).parent / "job/SmallJob.java"], check=True)
    jar = folder / f"small-job-{line}.jar"
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as out:
        with zipfile.ZipFile(sink_jar) as sink:
            for entry in sink.infolist():
                out.writestr(entry, sink.read(entry))
        for file in classes.glob("*.class"):
            out.write(file, file.name)
    return jar


def post(url, body, kind):
    request = urllib.request.Request(url, data=body, headers={"Content-Type": kind}, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def upload(cluster, jar):
    border = uuid.uuid4().hex
    head = (f'--{border}\r\nContent-Disposition: form-data; name="jarfile"; filename="{jar.name}"\r\n'
            "Content-Type: application/x-java-archive\r\n\r\n").encode()
    body = head + jar.read_bytes() + f"\r\n--{border}--\r\n".encode()
    answer = post(f"{cluster.rest}/jars/upload", body, f"multipart/form-data; boundary={border}")
    return answer["filename"].rsplit("/", 1)[1]


def submit(cluster, jar_id, arguments):
    body = json.dumps({"entryClass": "SmallJob", "programArgsList": [str(each) for each in arguments]}).encode()
    return post(f"{cluster.rest}/jars/{jar_id}/run", body, "application/json")["jobid"]


def alive(pid, collect=True):
    """What a JVM holds, after a full collection where not told otherwise."""
    for _ in range(2 if collect else 0):
        subprocess.run(["jcmd", str(pid), "GC.run"], check=True, stdout=subprocess.DEVNULL)
    histogram = subprocess.run(["jcmd", str(pid), "GC.class_histogram", *([] if collect else ["-all"])], check=True,
                               stdout=subprocess.PIPE, text=True).stdout
    loaders = sum(int(line.split()[1]) for line in histogram.splitlines() if USER_LOADER in line and "$$" not in line)
    process = pathlib.Path(f"/proc/{pid}")
    if collect:
        # A thread of the JVM unloads what belonged to class loaders that are gone, and takes its time.
        end = time.monotonic() + UNLOAD_SECONDS
        while len(libraries(process)) > loaders and time.monotonic() < end:
            time.sleep(0.1)
    threads = [name.read_text().strip() for name in process.glob("task/*/comm")]
    rss = int(re.search(r"VmRSS:\s+(\d+) kB", (process / "status").read_text())[1])
    return Alive(loaders, sum(name.startswith("narthex-") for name in threads), len(libraries(process)),
                 len(list(process.glob("fd/*"))), rss)


def libraries(process):
    """Each copy of the native library that is mapped, by its inode; the files themselves are deleted."""
    maps = (process / "maps").read_text().splitlines()
    return {line.split()[4] for line in maps if "libnarthex_jni" in line}


def show(done, name, found):
    print(f"  after {done:3}: {name}: {found.loaders} class loaders of jobs, {found.threads} narthex threads, "
          f"{found.libraries} native libraries, {found.files} open files, {found.rss_kib} KiB resident", flush=True)


def look_while_it_runs(cluster, jar_id, url, pid):
    """What is gone later must be seen now, or the script shows nothing. The job is cancelled."""
    job = submit(cluster, jar_id, [url + "/write", 1 << 40, 0])
    wait_for("the job to run", lambda: alive(pid).threads, DEADLINE_SECONDS)
    found = alive(pid)
    show(0, "task manager while a job runs", found)
    if not found.threads or found.libraries != 1 or not found.loaders:
        raise Wrong(f"a running job has a class loader, threads and a library, seen was {found}")
    urllib.request.urlopen(urllib.request.Request(f"{cluster.rest}/jobs/{job}", method="PATCH"), timeout=10).close()
    if cluster.wait_for_end(job, DEADLINE_SECONDS) != "CANCELED":
        raise Wrong("the endless job was not cancelled")


def check(first, last, jobs):
    growth = (last.rss_kib - first.rss_kib) / jobs
    print(f"  growth a submission: {growth:.0f} KiB of at most {MOST_GROWTH_KIB}", flush=True)
    if last.loaders or last.threads or last.libraries:
        raise Wrong(f"the jobs have left something: {last}")
    if last.files > first.files:
        raise Wrong(f"open files grew from {first.files} to {last.files}")
    if growth > MOST_GROWTH_KIB:
        raise Wrong(f"each submission leaves {growth:.0f} KiB")


def run(line, processes, folder, count, port):
    sink_jar = sql_jar(line)
    cluster = Cluster(line, processes, folder, task_managers=1, options=["-Xms384m", "-XX:+AlwaysPreTouch"])
    jar = job_jar(line, folder, sink_jar, cluster.home)
    cluster.start()
    jar_id = upload(cluster, jar)
    pid = processes.running["task-manager-1"].pid
    url = f"http://127.0.0.1:{port}"
    look_while_it_runs(cluster, jar_id, url, pid)
    seen, before, began = [], cluster.ledgers().keys(), time.monotonic()
    for number in range(1, count + 1):
        where = REFUSED if number == FAILS else "/write"
        job = submit(cluster, jar_id, [url + where, SAMPLES, int(time.time() * 1000)])
        state = cluster.wait_for_end(job, DEADLINE_SECONDS)
        if state != ("FAILED" if number == FAILS else "FINISHED"):
            raise Wrong(f"submission {number} is {state}")
        if number % STEP == 0:
            show(number, "task manager, before it collects", alive(pid, collect=False))
            seen.append(alive(pid))
            show(number, "task manager", seen[-1])
    written = [ledger["written"] for key, ledger in cluster.ledgers().items() if key not in before]
    wrote = [number for number in written if number]
    if wrote != [SAMPLES] * (count - 1):
        raise Wrong(f"{count - 1} ledgers with {SAMPLES} samples each expected, and those that failed: {written}")
    print(f"  {len(wrote)} jobs have written {sum(written)} samples in {time.monotonic() - began:.0f} s; "
          f"jar of {jar.stat().st_size >> 10} KiB", flush=True)
    warned = re.findall(r" WARN .* this JVM holds (\d+) copies", processes.log("task-manager-1").read_text())
    print(f"  the task manager warned {len(warned)} times, of {', '.join(sorted(set(warned), key=int))} copies", flush=True)
    if not warned:
        raise Wrong("ten copies of the library were there, and the task manager did not warn")
    check(seen[WARM_UP // STEP - 1], seen[-1], count - WARM_UP)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--line", action="append", choices=FLINK)
    parser.add_argument("--count", type=int, default=50, help="50 or more, in tens")
    arguments = parser.parse_args()
    if arguments.count < LEAST_COUNT or arguments.count % STEP:
        parser.error(f"--count {arguments.count}: give {LEAST_COUNT} or more, in tens")
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    receiver.daemon_threads = True
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    return run_lines(arguments.line or FLINK, lambda line, processes, folder: run(
        line, processes, folder, arguments.count, receiver.server_address[1]))


if __name__ == "__main__":
    sys.exit(main())
