#!/usr/bin/env python3
"""Raw events of vehicles beside what demo/vehicles.sql makes of them: series, samples and bytes; each value is counted again.

usage: bench/sql/contrast.py [--vehicles 100000] [--events 1000000] [--narthex PATH]

Generated events, some of them out of order, sent twice, late or at a wrong place, go through demo/vehicles.sql into two receivers: one takes
the samples of the fleet, one those of each event. What the fleet's receiver holds is compared with a recount of the
generated file by this script, which knows nothing of SQL. Exit 1 when a value differs. `make contrast` runs it.
"""

import argparse
import collections
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
WINDOW_MS, DELAY_MS, OUTLIER = 5_000, 10_000, 10_000
DEGREE_METERS, JUMP_METERS = 111_200, 50_000


class Receiver:
    def __init__(self, binary, dump):
        self.dump = dump
        self.process = subprocess.Popen([binary, "receive", "--out-of-order-window", "1 d", "--dump", dump], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.url = re.search(r"http://[^ /\n]*", self.process.stderr.readline())[0]

    def end(self):
        """Labels and samples of each series, and what the receiver says that it got."""
        self.process.terminate()
        said = self.process.communicate(timeout=120)[1]
        with open(self.dump) as lines:
            return [json.loads(line) for line in lines], said


def region_of(event):
    return event["region"].replace(" ", "_").lower()


def end_of_window(time):
    return time - time % WINDOW_MS + WINDOW_MS - 1


def recount_roads(reports):
    """By name, model (none), region and time: of each vehicle's reports in the order of their time."""
    driven, jumps = collections.Counter(), collections.Counter()
    for told in reports.values():
        told.sort(key=lambda report: report[0])
        last_at = {time: at for at, (time, _, _) in enumerate(told)}
        for time, region, here in told:
            # Of one time, all see what the last of them sees: so LAG does it, here and in Flink.
            at = last_at[time]
            before = [meters(here, told[at - back][2]) for back in (1, 2) if at >= back]
            near = [distance for distance in before if distance <= JUMP_METERS]
            key = ("", region, end_of_window(time))
            driven[key] += near[0] if near else 0
            jumps[key] += bool(before) and not near
    values = {("fleet_driven_meters", *key): driven[key] for key in driven}
    return values | {("fleet_gps_jumps", *key): jumps[key] for key in driven}


def meters(here, there):
    north, east = here[0] - there[0], (here[1] - there[1]) * math.cos(math.radians(here[0]))
    return int(DEGREE_METERS * math.hypot(north, east))


def recount(events, models):
    """By name, model, region and time."""
    versions = collections.defaultdict(list)
    for line in models.read_text().splitlines():
        row = json.loads(line)
        versions[row["line"]].append((row["valid_from"], row["model"]))
    newest, seen, moving, warnings, count, late = 0, set(), collections.defaultdict(set), collections.Counter(), collections.Counter(), 0
    reports = collections.defaultdict(list)
    with events.open() as lines:
        for line in lines:
            event = json.loads(line)
            time, watermark = event["timestamp"], newest - DELAY_MS
            newest = max(newest, time)
            if event["vehicleId"] is not None and time > watermark:
                place = (event["latitude"], event["longitude"])
                reports[event["vehicleId"]].append((time, region_of(event), place))
            if event["vehicleId"] is None or abs(event["measurement"]) > OUTLIER:
                continue
            stamp = end_of_window(time)
            if stamp <= watermark:
                late += 1
                continue
            once = (event["vehicleId"], event["eventType"], time)
            if once in seen:
                continue
            seen.add(once)
            valid = [version for version in versions[int(event["vehicleId"][-1])] if version[0] <= time]
            model = max(valid)[1] if valid else "unknown"
            key = (model, region_of(event), stamp)
            count[key] += 1
            warnings[key] += event["eventType"] == "WARNINGS"
            if event["eventType"] != "WARNINGS" and event["measurement"] != 0:
                moving[key].add(event["vehicleId"])
    values = {}
    for key, events in count.items():
        values["fleet_events_per_second", *key] = events / 5
        values["fleet_warnings", *key] = warnings[key]
        values["fleet_vehicles_moving", *key] = len(moving[key])
    return values | recount_roads(reports), late


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--vehicles", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    target = os.environ.get("CARGO_TARGET_DIR", pathlib.Path.home() / ".cache/narthex/target")
    parser.add_argument("--narthex", default=f"{target}/release/narthex")
    arguments = parser.parse_args()
    binary = arguments.narthex
    with tempfile.TemporaryDirectory(prefix="narthex-contrast-") as folder:
        folder = pathlib.Path(folder)
        events, models = folder / "events.json", REPOSITORY / "demo/models.json"
        with events.open("wb") as out:
            subprocess.run([binary, "generate", "--kind", "vehicles", "--devices", str(arguments.vehicles), "--count", str(arguments.events),
                            "--positions", "--out-of-order", "0.05", "--late", "0.01", "--duplicate", "0.05", "--gps-jump", "0.001"], stdout=out, stderr=subprocess.DEVNULL, check=True)
        fleet, raw = Receiver(binary, folder / "fleet"), Receiver(binary, folder / "raw")
        text = (REPOSITORY / "demo/vehicles.sql").read_text()
        # The first of the two addresses is that of the events' samples.
        for url in (raw.url, fleet.url):
            text = text.replace("${env:RECEIVER}", url, 1)
        if "${env:RECEIVER}" in text:
            sys.exit("demo/vehicles.sql has more than two receivers")
        (folder / "job.sql").write_text(text)
        ran = subprocess.run([binary, "run", folder / "job.sql"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             env={**os.environ, "EVENTS": str(events), "MODELS": str(models), "NARTHEX_LOG": "error"})
        (series, fleet_said), (raw_series, raw_said) = fleet.end(), raw.end()
        if ran.returncode != 0:
            sys.exit(f"the job ended with {ran.returncode}:\n{ran.stderr}")
        wanted, late = recount(events, models)
    held = {(one["labels"]["__name__"], one["labels"].get("model", ""), one["labels"]["region"], time): value
            for one in series for time, value in one["samples"]}
    wrong = [key for key in wanted.keys() | held.keys() if key not in held or key not in wanted or abs(held[key] - wanted[key]) > 1e-9]
    if wrong:
        sys.exit(f"{len(wrong)} of {len(wanted)} values differ, such as {wrong[0]}: {held.get(wrong[0])} stored, {wanted.get(wrong[0])} counted")
    raw_samples = sum(len(one["samples"]) for one in raw_series)
    print(f"{arguments.events} events of {arguments.vehicles} vehicles, 11 % more late, out of order or twice ({late} too late)\n")
    print("| | series | samples | received |\n|---|---|---|---|")
    for what, count, samples, said in (("each event", len(raw_series), raw_samples, raw_said), ("the fleet", len(series), len(held), fleet_said)):
        received = re.search(r"^bytes\s+(\d+)", said, re.MULTILINE)
        print(f"| {what} | {count} | {samples} | {received[1] + ' bytes' if received else ''} |")
    print(f"\n{len(raw_series) / len(series):.0f} times fewer series, {raw_samples / len(held):.1f} times fewer samples; "
          f"{len(held)} values equal the recount of the file")


if __name__ == "__main__":
    main()
