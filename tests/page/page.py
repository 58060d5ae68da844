#!/usr/bin/env python3
"""The live page in a real browser: Chromium looks at `narthex run demo/vehicles.sql`, which writes to a real Prometheus.

usage: tests/page/page.py [--screenshots FOLDER] [--busy]

Checked: what the page shows is what the job says of itself and moves with it; a sample that Prometheus refuses is there
with its words; what devices send stays text; keyboard, dark colours, 390 pixels; nothing on the console and no request to
anybody else; what an answer costs. --busy looks at a job through which 1,000,000 samples a second pass, into a receiver that
only counts; take a release build for it (NARTHEX_BINARY). Chromium is /usr/bin/chromium or NARTHEX_CHROMIUM, its driver beside it or
NARTHEX_CHROMEDRIVER.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/monitoring"))

from servers import CACHE, Missing, Timeline, Wrong, binary, free_port, verdict  # noqa: E402

VENV = CACHE / "venv-page"
SAMPLES_A_SECOND, SERIES = 1_000_000, 10_000
BUSY = """
CREATE TABLE numbers (n BIGINT) WITH (
  'connector' = 'datagen', 'rows-per-second' = '{rate}',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '{last}');
CREATE TABLE samples (series STRING, `value` DOUBLE, ts TIMESTAMP_LTZ(3)) WITH (
  'connector' = 'prometheus', 'metric.endpoint-url' = '{receiver}/api/v1/write', 'metric.name.literal' = 'busy',
  'metric.sample.key' = 'value', 'metric.sample.timestamp' = 'ts');
INSERT INTO samples
SELECT CAST(n % {series} AS STRING), CAST(n AS DOUBLE), TO_TIMESTAMP_LTZ({start_ms} + n / {series} * {step_ms}, 3) FROM numbers;
"""
MARKUP = "<img src=x onerror=alert(1)>"
# A second's answers may cost a fiftieth of a core.
MOST_MS_AN_ANSWER = 20.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--screenshots", type=pathlib.Path, help="keep pictures of the page in this folder")
    parser.add_argument("--busy", action="store_true", help="look at a job with 1,000,000 samples a second")
    arguments = parser.parse_args()
    look = check_busy if arguments.busy else lambda: check(arguments.screenshots)
    return verdict("the live page in a browser", look)


def check(screenshots):
    timeline, started = Timeline(), []
    with tempfile.TemporaryDirectory(prefix="narthex-page-") as folder:
        folder = pathlib.Path(folder)
        try:
            prometheus = start_prometheus(folder, started)
            timeline.say("Prometheus is ready")
            address, feed = start_job(folder, prometheus, started)
            timeline.say(f"the job listens on {address}")
            browser = open_browser(folder)
            try:
                Check(browser, address, feed, timeline, screenshots).all(started)
            finally:
                browser.quit()
        except Wrong:
            print((folder / "job.log").read_text()[-2000:], file=sys.stderr)
            raise
        finally:
            for process in reversed(started):
                process.kill()
                process.wait()


def start_prometheus(folder, started):
    found = binary("NARTHEX_PROMETHEUS_2", ["prometheus"], ["prometheus-2/prometheus"])
    port = free_port()
    (folder / "prometheus.yml").write_text("global:\n  scrape_interval: 1m\n")
    log = (folder / "prometheus.log").open("wb")
    started.append(subprocess.Popen(
        [found, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
         f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log))
    wait_for(lambda: fetch(f"http://127.0.0.1:{port}/-/ready"), "Prometheus does not start", 30)
    return f"http://127.0.0.1:{port}"



def check_busy():
    timeline, started = Timeline(), []
    with tempfile.TemporaryDirectory(prefix="narthex-page-") as folder:
        folder = pathlib.Path(folder)
        try:
            receiver = start_listening(folder, started, "receive", "--discard")
            (folder / "busy.sql").write_text(BUSY.format(
                receiver=receiver, series=SERIES, rate=SAMPLES_A_SECOND, last=600 * SAMPLES_A_SECOND,
                start_ms=int(time.time() * 1000), step_ms=1000 * SERIES // SAMPLES_A_SECOND))
            address = start_listening(folder, started, "run", folder / "busy.sql", "--listen", "0")
            timeline.say(f"the job listens on {address}")
            browser = open_browser(folder)
            try:
                Check(browser, address, None, timeline, None).while_busy(started[-1].pid)
            finally:
                browser.quit()
        finally:
            for process in reversed(started):
                process.kill()
                process.wait()


def start_listening(folder, started, command, *arguments):
    log = folder / f"{command}.log"
    environment = dict(os.environ, RUST_BACKTRACE="0")
    started.append(subprocess.Popen([narthex_binary(), command, *map(str, arguments)], env=environment,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log.open("wb")))
    first = wait_for(lambda: re.search(r"^listening on (http://\S+)", log.read_text(), re.M), f"{command} does not listen", 20)
    return first[1]


def narthex_binary():
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or CACHE / "target")
    narthex = os.environ.get("NARTHEX_BINARY") or target / "debug/narthex"
    if not pathlib.Path(narthex).exists():
        raise Wrong(f"there is no {narthex}: cargo build --workspace")
    return narthex


def start_job(folder, prometheus, started):
    narthex = narthex_binary()
    generator = subprocess.Popen(
        [narthex, "generate", "--kind", "vehicles", "--rate", "3000", "--devices", "300", "--positions"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    started.append(generator)
    environment = dict(os.environ, EVENTS="-", MODELS=str(ROOT / "demo/models.json"), RECEIVER=prometheus, RUST_BACKTRACE="0")
    log = folder / "job.log"
    job = subprocess.Popen([narthex, "run", "--listen", "0", "demo/vehicles.sql"], env=environment, cwd=ROOT,
                           stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log.open("wb"))
    started.append(job)
    feed = Feed(generator.stdout, job.stdin)
    feed.start()
    first = wait_for(lambda: log.read_text().partition("\n")[1] and log.read_text().partition("\n")[0],
                     "the job says nothing", 20)
    if not first.startswith("listening on "):
        raise Wrong(f"the job's first line is {first!r}")
    return first.removeprefix("listening on "), feed


class Feed(threading.Thread):
    """Passes events on, and puts between them what devices do wrong."""

    def __init__(self, source, into):
        super().__init__(daemon=True)
        self.source, self.into, self.bad = source, into, 0

    def run(self):
        next_bad = time.monotonic() + 1
        try:
            for line in self.source:
                if time.monotonic() > next_bad:
                    next_bad += 1
                    self.bad += 1
                    line += b'{"eventType": "IC_RPM", "vehicleId": \n'
                    old = {"eventType": "IC_RPM", "vehicleId": f"V{8_000_000_000 + self.bad}", "region": "yesterday",
                           "timestamp": int(time.time() * 1000) - 5 * 3600 * 1000, "measurement": 1}
                    # Refused as well, so that the page shows it.
                    odd = {**old, "vehicleId": f"{MARKUP}{self.bad}"}
                    line += (json.dumps(old) + "\n" + json.dumps(odd) + "\n").encode()
                self.into.write(line)
        except (BrokenPipeError, ValueError):
            pass


def open_browser(folder):
    chromium = binary("NARTHEX_CHROMIUM", ["chromium", "chromium-browser", "google-chrome"], [])
    driver = binary("NARTHEX_CHROMEDRIVER", ["chromedriver"], [])
    packages = list(VENV.glob("lib/python*/site-packages"))
    if not packages:
        raise Missing("selenium is not installed: run scripts/setup.sh test")
    sys.path.insert(0, str(packages[0]))
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 f"--user-data-dir={folder / 'browser'}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=driver, log_output=str(folder / "driver.log"))
    return webdriver.Chrome(options=options, service=service)


class Check:
    def __init__(self, browser, address, feed, timeline, screenshots):
        self.browser, self.address, self.feed = browser, address, feed
        self.timeline, self.screenshots = timeline, screenshots

    def all(self, started):
        self.size(1280)
        self.browser.get(self.address)
        self.wait(lambda: self.text("state") == "running", "the page does not say that the job runs")
        self.shows_the_job()
        self.shows_losses_and_values()
        self.timeline.say("it shows the job, its losses with Prometheus' words, and its newest values")
        self.moves()
        self.wait(lambda: self.script("return performance.now()") > 20_000, "time stands still", 30)
        self.keep("1280")
        self.is_used_by_keys()
        self.timeline.say("its numbers move, and stop at the key P")
        self.is_dark_when_asked()
        self.fits_a_phone()
        self.timeline.say("it is dark when asked, and fits 390 pixels")
        self.asks_nobody_else()
        self.costs_little(started[-1].pid)
        self.tells_the_end(started)
        self.timeline.say("it tells that the job has ended; nothing is on the console")

    def while_busy(self, pid):
        self.size(1280)
        self.browser.get(self.address)
        self.wait(lambda: self.text("state") == "running", "the page does not say that the job runs", 30)
        self.wait(lambda: self.script("return document.querySelectorAll('.charts canvas').length") == 3, "there are no charts", 30)
        time.sleep(5)
        before, began = self.written(), time.monotonic()
        looks = 0
        while time.monotonic() < began + 30:
            self.moves()
            looks += 1
        rate = (self.written() - before) / (time.monotonic() - began)
        self.timeline.say(f"{rate:,.0f} samples a second for 30 s, with the page open; its numbers moved at {looks} looks")
        if rate < 0.95 * SAMPLES_A_SECOND:
            raise Wrong(f"that is not {SAMPLES_A_SECOND:,} samples a second")
        self.costs_little(pid)
        said = [entry for entry in self.browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        if said:
            raise Wrong(f"on the console: {said}")
        self.timeline.say("nothing is on the console")

    def written(self):
        return sum(table["sink"]["written"] for table in self.status()["jobs"][0]["ledger"]["tables"].values())

    def shows_the_job(self):
        self.wait(lambda: "vehicles.sql" in self.text("name"), "the job's name is missing")
        nodes = self.script("return [...document.querySelectorAll('#pictures .name')].map((name) => name.firstChild.data)")
        graph = self.status()["jobs"][0]
        if sorted(nodes) != sorted(cut(node["name"]) for node in graph["nodes"]):
            raise Wrong(f"the picture has {nodes}, the job {graph['nodes']}")
        edges = self.script("return document.querySelectorAll('#pictures path').length")
        if edges != len(graph["edges"]):
            raise Wrong(f"the picture has {edges} edges, the job {len(graph['edges'])}")
        self.wait(lambda: self.script("return document.querySelectorAll('.charts canvas').length") == 3, "there are no charts")
        self.wait(lambda: "adds up" in self.text("ledgers"), "the ledger does not add up")
        if "differs" in self.text("ledgers"):
            raise Wrong("the ledger differs")

    def shows_losses_and_values(self):
        # In Prometheus' own words.
        self.wait(lambda: "out of bounds" in self.text("losses") and "yesterday" in self.text("losses"), "no refused sample is shown", 30)
        self.wait(lambda: "vehicle_" in self.text("writes"), "no newest values are shown")
        status = self.status()
        if status["jobs"][0]["ledger"]["sources"]["events"]["undecodable"] < 1:
            raise Wrong("the broken record is not counted")
        self.wait(lambda: "undecodable" in self.script("return document.querySelector('#chart-losses').textContent"),
                  "the broken record is in no chart")
        # What devices send is text.
        self.wait(lambda: self.script("return document.body.textContent.includes('<img')"),
                  "the odd vehicle did not come", 30)
        if self.script("return document.querySelectorAll('img').length") != 0:
            raise Wrong("what a device sent became markup")

    def moves(self):
        records = "return document.querySelector('#ledgers td.number').textContent"
        before = self.script(records)
        self.wait(lambda: self.script(records) != before, "its numbers do not move", 5)
        points = self.script("return document.querySelector('#chart-rates .u-legend').textContent")
        if "records read" not in points or "samples acknowledged" not in points:
            raise Wrong(f"the chart of rates has {points!r}")

    def is_used_by_keys(self):
        from selenium.webdriver import ActionChains

        press = lambda keys: ActionChains(self.browser).send_keys(keys).perform()  # noqa: E731
        records = "return document.querySelector('#ledgers td.number').textContent"
        press("p")
        self.wait(lambda: self.text("state") == "paused", "P does not pause")
        before = self.script(records)
        time.sleep(2.5)
        if self.script(records) != before:
            raise Wrong("it goes on while it is paused")
        press("P")
        self.wait(lambda: self.text("state") == "running", "P does not go on")
        press("3")
        self.wait(lambda: self.script("return Math.abs(document.getElementById('ledger').getBoundingClientRect().top) < 60"
                                      " || window.innerHeight + window.scrollY >= document.body.scrollHeight - 2"),
                  "3 does not go to the ledger")
        press("\ue004")  # Tab
        self.wait(lambda: self.script("return document.activeElement !== document.body"), "Tab reaches nothing")

    def is_dark_when_asked(self):
        light = self.script("return getComputedStyle(document.body).backgroundColor")
        emulate = lambda value: self.browser.execute_cdp_cmd(  # noqa: E731
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": value}]})
        emulate("dark")
        self.wait(lambda: self.script("return getComputedStyle(document.body).backgroundColor") != light, "it stays light")
        self.script("document.activeElement.blur(); window.scrollTo(0, 0)")
        time.sleep(1.2)
        self.keep("1280-dark")
        emulate("light")

    def fits_a_phone(self):
        self.script("document.activeElement.blur()")
        self.size(390)
        time.sleep(1.5)
        width = self.script("return document.documentElement.scrollWidth")
        if width > 390:
            raise Wrong(f"it is {width} pixels wide on a phone of 390")
        self.script("window.scrollTo(0, 0)")
        self.keep("390")

    def asks_nobody_else(self):
        asked = self.script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
        others = [url for url in asked if not url.startswith(self.address + "/") and not url.startswith("data:")]
        if others:
            raise Wrong(f"it asks others: {others}")

    def costs_little(self, pid):
        """CPU time of the process for 300 answers, less what it takes meanwhile anyway."""
        def used(action):
            before, began = cpu_ms(pid), time.monotonic()
            action()
            return cpu_ms(pid) - before, time.monotonic() - began

        asked, took = used(lambda: [self.status() for _ in range(300)])
        rest, waited = used(lambda: time.sleep(max(took, 2)))
        an_answer = max(0.0, asked - rest * took / waited) / 300
        self.timeline.say(f"an answer costs {an_answer:.2f} ms of CPU in this build: {an_answer / 10:.2f} % of a core at one a second")
        if an_answer > MOST_MS_AN_ANSWER:
            raise Wrong("that is more than 2 % of a core")

    def tells_the_end(self, started):
        # Before it ends: afterwards the browser rightly complains that nobody answers.
        said = [entry for entry in self.browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        if said:
            raise Wrong(f"on the console: {said}")
        started[-1].terminate()
        self.wait(lambda: self.text("state").startswith("no answer"), "it does not tell that the job has ended", 30)

    def status(self):
        return json.loads(fetch(f"{self.address}/-/status"))

    def script(self, script):
        return self.browser.execute_script(script)

    def text(self, name):
        return self.script(f"return document.getElementById({name!r}).textContent")

    def wait(self, done, what, seconds=15):
        wait_for(done, what, seconds)

    def size(self, width):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})

    def keep(self, name):
        if self.screenshots:
            self.screenshots.mkdir(parents=True, exist_ok=True)
            self.browser.save_screenshot(str(self.screenshots / f"page-{name}.png"))


def cut(name):
    return name if len(name) <= 26 else name[:25] + "…"


def cpu_ms(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode() or "yes"
    except OSError:
        return None


def wait_for(done, what, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := done():
            return found
        time.sleep(0.1)
    raise Wrong(what)


if __name__ == "__main__":
    sys.exit(main())
