#!/usr/bin/env python3
"""From an event to its stored sample: a file grows by 100,000 events a second, and windows of it go to a receiver.

usage: bench/sql/latency.py [--rate 100000] [--seconds 60] [--narthex PATH]

`narthex generate` writes events with the time of now into a file, which `narthex run` reads as it grows: one window a second
for each vehicle and for each region, with a watermark a second behind. The receiver is this script's, on the same machine
(and cores): it notes when each request has come whole, before it answers. Printed is by how much samples are stored later
than the watermark's delay behind their window's end. Exit 1 when the 99th percentile is not under 1 s.
"""

import argparse
import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

DELAY_MS = 1_000
JOB = """CREATE TABLE events (eventType STRING, vehicleId STRING, region STRING, `timestamp` BIGINT, measurement INT,
  rt AS TO_TIMESTAMP_LTZ(`timestamp`, 3), WATERMARK FOR rt AS rt - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '{events}', 'format' = 'json', 'source.monitor-interval' = '50 ms');
CREATE TABLE samples (name STRING, k STRING, `value` DOUBLE, rt TIMESTAMP_LTZ(3)) WITH ('connector' = 'prometheus',
  'metric.endpoint-url' = '{url}', 'metric.name' = 'name', 'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'rt');
EXECUTE STATEMENT SET BEGIN
INSERT INTO samples SELECT 'vehicle_rpm', vehicleId, AVG(CAST(measurement AS DOUBLE)), CAST(window_time AS TIMESTAMP_LTZ(3))
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(rt), INTERVAL '1' SECOND)) GROUP BY vehicleId, window_start, window_end, window_time;
INSERT INTO samples SELECT 'region_moving', region, CAST(COUNT(DISTINCT vehicleId) AS DOUBLE), CAST(window_time AS TIMESTAMP_LTZ(3))
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(rt), INTERVAL '1' SECOND)) GROUP BY region, window_start, window_end, window_time;
END;
"""


def unpacked(data):
    """A snappy block."""
    at, size, shift = 0, 0, 0
    while True:
        byte = data[at]
        at += 1
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            length = (tag >> 2) + 1
            if length > 60:
                extra = length - 60
                length = int.from_bytes(data[at:at + extra], "little") + 1
                at += extra
            out += data[at:at + length]
            at += length
            continue
        if tag & 3 == 1:
            length, offset, at = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at], at + 1
        else:
            width = 2 if tag & 3 == 2 else 4
            length, offset, at = (tag >> 2) + 1, int.from_bytes(data[at:at + width], "little"), at + width
        if offset >= length:
            out += out[-offset:len(out) - offset + length]
        else:
            for _ in range(length):
                out.append(out[-offset])
    assert len(out) == size
    return bytes(out)


def fields(data):
    """Numbers and contents of a protobuf message."""
    at = 0

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 == 1:
            yield key >> 3, data[at:at + 8]
            at += 8
        else:
            length = varint()
            yield key >> 3, data[at:at + length]
            at += length


def timestamps(request):
    for number, series in fields(unpacked(request)):
        if number == 1:
            for kind, content in fields(series):
                if kind == 2:
                    yield next((value for field, value in fields(content) if field == 2), 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rate", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=60)
    target = os.environ.get("CARGO_TARGET_DIR", pathlib.Path.home() / ".cache/narthex/target")
    parser.add_argument("--narthex", default=f"{target}/release/narthex")
    arguments = parser.parse_args()
    requests = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests.append((time.time() * 1000, body))
            self.send_response(204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="narthex-latency-") as folder:
        events, job = pathlib.Path(folder) / "events.json", pathlib.Path(folder) / "job.sql"
        events.touch()
        job.write_text(JOB.format(events=events, url=f"http://127.0.0.1:{server.server_port}/api/v1/write"))
        running = subprocess.Popen([arguments.narthex, "run", job], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        with events.open("ab") as out:
            subprocess.run([arguments.narthex, "generate", "--kind", "vehicles", "--devices", "10000", "--rate", str(arguments.rate),
                            "--count", str(arguments.rate * arguments.seconds)], stdout=out, stderr=subprocess.DEVNULL, check=True)
        time.sleep(3)
        running.terminate()
        said = running.communicate(timeout=60)[1]
    server.shutdown()
    behind = sorted(came - (stamp + 1) - DELAY_MS for came, request in requests for stamp in timestamps(request))
    if len(behind) < arguments.seconds * 1_000:
        sys.exit(f"only {len(behind)} samples came:\n{said}")
    shown = ", ".join(f"p{part}: {behind[min(len(behind) * part // 100, len(behind) - 1)]:.0f} ms" for part in (50, 90, 99))
    print(f"{arguments.rate} events/s for {arguments.seconds} s, {len(behind)} samples in {len(requests)} requests; later than the "
          f"watermark's delay behind their window's end: {shown}, most: {behind[-1]:.0f} ms")
    if behind[len(behind) * 99 // 100] >= 1_000:
        sys.exit("the 99th percentile is not under 1 s")


if __name__ == "__main__":
    main()
