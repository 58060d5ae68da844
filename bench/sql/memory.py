#!/usr/bin/env python3
"""What the state of windows takes: bytes a key, and 48 hours of event time with 1,000,000 keys.

usage: bench/sql/memory.py [--keys 1000000] [--hours 48] [--narthex PATH]

First, one event for each of many keys of 12 bytes goes into one window with COUNT and SUM, which stays open; then as many
events of one key. The difference of the processes' resident memory, divided by the keys, is what a key takes. Then vehicles
send 48 hours of events, 30 % more of them out of order, into windows of an hour; resident memory is looked at every half
second. It must not grow behind the first quarter (exit 1 otherwise). `make soak-event-time` runs it.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

TABLE = """CREATE TABLE e (k STRING, v BIGINT, ms BIGINT, rt AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR rt AS rt - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '-', 'format' = 'json');
CREATE TABLE o (k STRING, n BIGINT, s BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO o SELECT k, COUNT(*), SUM(v) FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(rt), INTERVAL '1' HOUR))
GROUP BY k, window_start, window_end;
"""
VEHICLES = """CREATE TABLE e (vehicleId STRING, measurement BIGINT, `timestamp` BIGINT, rt AS TO_TIMESTAMP_LTZ(`timestamp`, 3),
WATERMARK FOR rt AS rt - INTERVAL '10' MINUTE) WITH ('connector' = 'filesystem', 'path' = '-', 'format' = 'json');
CREATE TABLE o (k STRING, n BIGINT, s BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO o SELECT vehicleId, COUNT(*), SUM(measurement) FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(rt), INTERVAL '1' HOUR))
GROUP BY vehicleId, window_start, window_end;
"""
# Growth that is noise: pages that the allocator keeps.
TOLERANCE = 1.10


def start(binary, folder, sql):
    job = pathlib.Path(folder) / "job.sql"
    job.write_text(sql)
    return subprocess.Popen([binary, "run", job], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def resident(process):
    """KiB, or none when it has ended."""
    try:
        lines = pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), None)


def cpu(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def held(binary, folder, keys, distinct):
    """Resident KiB of a job whose window holds these keys."""
    process = start(binary, folder, TABLE)
    for first in range(0, keys, 10_000):
        lines = (f'{{"k":"key-{(number if distinct else 0):08}","v":{number},"ms":3600000}}\n' for number in range(first, first + 10_000))
        process.stdin.write("".join(lines).encode())
    process.stdin.flush()
    before = -1
    while (now := cpu(process)) != before:
        before = now
        time.sleep(1)
    memory = resident(process)
    process.stdin.close()
    process.wait()
    return memory


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--hours", type=int, default=48)
    target = os.environ.get("CARGO_TARGET_DIR", pathlib.Path.home() / ".cache/narthex/target")
    parser.add_argument("--narthex", default=f"{target}/release/narthex")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="narthex-memory-") as folder:
        many = held(arguments.narthex, folder, arguments.keys, True)
        one = held(arguments.narthex, folder, arguments.keys, False)
        print(f"{arguments.keys} keys of 12 bytes, COUNT and SUM: {many / 1024:.1f} MiB; one key: {one / 1024:.1f} MiB: "
              f"{(many - one) * 1024 / arguments.keys:.1f} bytes a key", flush=True)
        process = start(arguments.narthex, folder, VEHICLES)
        count = arguments.keys * arguments.hours
        generator = subprocess.Popen([arguments.narthex, "generate", "--kind", "vehicles", "--devices", str(arguments.keys), "--count",
                                      str(count), "--step", "1 h", "--out-of-order", "0.3"],
                                     stdout=process.stdin, stderr=subprocess.DEVNULL)
        process.stdin.close()
        began, seen = time.monotonic(), []
        while process.poll() is None:
            seen.append(resident(process) or 0)
            time.sleep(0.5)
        generator.wait()
        said = process.stderr.read().decode()
        if process.returncode != 0:
            sys.exit(f"the job ended with {process.returncode}:\n{said}")
    quarters = [max(seen[len(seen) * part // 4:max(len(seen) * (part + 1) // 4, 1)]) / 1024 for part in range(4)]
    print(f"{arguments.hours} h of {arguments.keys} keys, {count} events and 30 % more out of order, in {time.monotonic() - began:.0f} s: "
          f"most resident memory by quarter of the run, MiB: {', '.join(f'{most:.0f}' for most in quarters)}")
    print(said.strip().splitlines()[-1] if said.strip() else "")
    if max(quarters[1:]) > quarters[1] * TOLERANCE:
        sys.exit("memory grows")


if __name__ == "__main__":
    main()
