"""Receivers for tests with a session cluster: a real Prometheus."""

import collections
import re
import subprocess
import urllib.request

from cluster import REPOSITORY, free_port, get, wait_for

Server = collections.namedtuple("Server", "major path version")


def find_prometheus(major):
    """The Prometheus of this major version that scripts/environment.sh finds."""
    variable = f"NARTHEX_PROMETHEUS_{major}"
    path = subprocess.run(
        ["bash", "-c", f'. "{REPOSITORY}/scripts/environment.sh"; export_servers; echo "${{{variable}:-}}"'],
        check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    if not path:
        raise SystemExit(f"no Prometheus {major}.x: run scripts/setup.sh")
    shown = subprocess.run([path, "--version"], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    version = re.search(r"version (\S+)", shown.stdout)[1]
    if not version.startswith(f"{major}."):
        raise SystemExit(f"{path} is Prometheus {version}, expected was {major}.x")
    return Server(major, path, version)


class Prometheus:
    """A receiver, empty at its start."""

    def __init__(self, server, processes, folder, name, window=None):
        self.processes = processes
        self.name = f"server-{name}"
        data = folder / self.name
        data.mkdir()
        configuration = data / "prometheus.yml"
        configuration.write_text("storage: {tsdb: {out_of_order_time_window: %s}}\n" % window if window else "{}\n")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        processes.start(self.name, [
            server.path, f"--config.file={configuration}", f"--storage.tsdb.path={data}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"])
        wait_for("Prometheus", lambda: urllib.request.urlopen(f"{self.url}/-/ready", timeout=5).status == 200)

    def query(self, text, at_ms):
        return get(f"{self.url}/api/v1/query", query=text, time=at_ms / 1000)["data"]["result"]

    def requests(self):
        """How often it was written to, by status code."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:
            found = re.findall(r'^prometheus_http_requests_total\{code="(\d+)",handler="/api/v1/write"\} (\S+)',
                               answer.read().decode(), re.MULTILINE)
        return ", ".join(f"{int(float(count))} requests answered {code}" for code, count in found if float(count))

    def end(self):
        self.processes.end(self.name)
