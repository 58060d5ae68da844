"""What the tests of the monitoring kit share: where servers are, free ports, a timeline, and how a test ends."""

import os
import pathlib
import shutil
import socket
import sys
import time

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "narthex"


class Wrong(Exception):
    """Something is not as it should be."""


class Missing(Wrong):
    """A server is not on this machine."""


def binary(variable, names, cached):
    given = os.environ.get(variable)
    found = [given] if given else [*map(shutil.which, names), *(str(CACHE / path) for path in cached)]
    for path in filter(None, found):
        if os.access(path, os.X_OK):
            return path
    raise Missing(f"there is no {names[0]}: run scripts/setup.sh test, or set {variable}")


def free_port():
    """Below those that systems give to clients, so that nothing takes it between here and the server's start."""
    while True:
        port = 15_000 + int.from_bytes(os.urandom(2), "big") % 17_000
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Timeline:
    def __init__(self):
        self.began = time.monotonic()

    def say(self, what):
        print(f"[{time.monotonic() - self.began:5.0f} s] {what}", flush=True)


def verdict(what, check):
    """The exit code of a test: a server that is missing skips it, loudly, but where servers are required."""
    try:
        check()
    except Missing as missing:
        if os.environ.get("NARTHEX_REQUIRE_SERVERS") != "1":
            print(f"SKIPPED: {what}: {missing}")
            return 0
        print(f"FAILED: {missing}", file=sys.stderr)
        return 1
    except Wrong as wrong:
        print(f"FAILED: {wrong}", file=sys.stderr)
        return 1
    return 0
