#!/usr/bin/env python3
"""The SigV4 oracle: requests signed by botocore, for crates/signer-amp to be compared with.

    sigv4_cases.py --write GOLDEN    writes the golden file
    sigv4_cases.py --check GOLDEN    signs every request again and compares; exit 1 on a difference

`url` is what a user configures, `wire_url` what an HTTP client that follows the WHATWG URL standard sends for
it: written down by hand here, signed by botocore, and what the Rust signer must arrive at by itself.
"""

import argparse
import datetime
import hashlib
import json
import sys
from unittest import mock

import botocore
import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCESS_KEY = "AKIDNARTHEXEXAMPLE00"
SECRET_KEY = "narthex/example+secret/not=a=real=key000"
SESSION_TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUCIQ+narthex=="
WORKSPACE = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-0e1d2c3b-4a5f"
WRITE = WORKSPACE + "/api/v1/remote_write"
REMOTE_WRITE = [
    ["content-encoding", "snappy"],
    ["content-type", "application/x-protobuf"],
    ["x-prometheus-remote-write-version", "0.1.0"],
    ["user-agent", "narthex/0.1.0"],
]
BODY = {"hex": "2bf0290a290a150a085f5f6e616d655f5f120972706d5f746f74616c", "times": 1}
START_MS = 1_700_000_000_000


def case(name, url=WRITE, wire_url=None, headers=REMOTE_WRITE, body=BODY, **more):
    return {
        "name": name,
        "method": more.get("method", "POST"),
        "url": url,
        "wire_url": wire_url or url,
        "headers": headers,
        "body": body,
        "region": more.get("region", "eu-west-1"),
        "service": more.get("service", "aps"),
        "session_token": more.get("session_token"),
        "now_ms": more.get("now_ms", START_MS),
    }


def cases():
    host = "https://gateway.example.com"
    nothing = {"hex": "", "times": 0}
    return [
        case("plain"),
        case("session token", session_token=SESSION_TOKEN),
        case("no headers of its own", headers=[]),
        case("empty body", body=nothing),
        case("empty body and session token", body=nothing, session_token=SESSION_TOKEN),
        case("large body", body={"hex": "6e61727468657820", "times": 262_144}),
        case("body of every byte", body={"hex": bytes(range(256)).hex(), "times": 1}),
        case("no path", url=host, wire_url=host + "/"),
        case("spaces in the path", url=host + "/a%20b/api%20v1/remote%20write"),
        case("unicode in the path", url=host + "/wörk/спасибо", wire_url=host
             + "/w%C3%B6rk/%D1%81%D0%BF%D0%B0%D1%81%D0%B8%D0%B1%D0%BE"),
        case("unicode, encoded already", url=host + "/w%C3%B6rk/%E2%82%AC"),
        case("empty segments", url=host + "//a///remote_write"),
        case("dot segments", url=host + "/a/./b/../c/remote_write", wire_url=host + "/a/c/remote_write"),
        case("dot segments above the root", url=host + "/../../a", wire_url=host + "/a"),
        case("dot segment at the end", url=host + "/a/b/..", wire_url=host + "/a/"),
        case("empty segment before a dot segment", url=host + "/a//../b", wire_url=host + "/a/b"),
        case("slash at the end", url=host + "/api/v1/remote_write/"),
        case("percent signs in the path", url=host + "/100%25/%2Fescaped%2F/%7Etilde/~tilde"),
        case("marks in the path", url=host + "/a:b@c!d$e&f'g(h)i*j+k,l;m=n/_-.~"),
        case("query", url=WORKSPACE + "/api/v1/query?query=up&time=1700000000", method="GET", body=nothing),
        case("query out of order", url=WRITE + "?b=2&a=2&a=1&B=0"),
        case("query without values", url=WRITE + "?flag&empty="),
        case("query with escapes", url=WORKSPACE + "/api/v1/query?query=rpm%7Bvehicle%3D%22V%201%22%7D%20%2F%202"),
        case("query with unicode", url=WRITE + "?name=w%C3%B6rk&%E2%82%AC=1"),
        case("query after no path", url=host + "?a=1", wire_url=host + "/?a=1"),
        case("explicit port", url="http://127.0.0.1:9090/api/v1/write"),
        case("port of https, spelt out", url="https://gateway.example.com:443/api/v1/write",
             wire_url="https://gateway.example.com/api/v1/write"),
        case("port of http, spelt out", url="http://gateway.example.com:80/api/v1/write",
             wire_url="http://gateway.example.com/api/v1/write"),
        case("port of https on http", url="http://gateway.example.com:443/api/v1/write"),
        case("address in brackets", url="http://[::1]:9090/api/v1/write"),
        case("upper-case host", url="https://Gateway.EXAMPLE.com/api/v1/write", wire_url=host + "/api/v1/write"),
        case("upper-case header names", headers=[["X-Scope-OrgID", "Fleet-7"], ["CONTENT-TYPE", "Application/X"]]),
        case("repeated spaces in a long header value",
             headers=[["x-note", "  a   b    c  " + "narthex   carries    fire " * 60]]),
        case("header twice", headers=[["x-team", "b"], ["x-other", "1"], ["x-team", "a"]]),
        case("empty header value", headers=[["x-empty", ""], ["x-full", "1"]]),
        case("headers that proxies change",
             headers=REMOTE_WRITE + [["connection", "keep-alive"], ["expect", "100-continue"], ["te", "trailers"],
                                     ["x-amzn-trace-id", "Root=1-2"], ["traceparent", "00-1-2-01"],
                                     ["proxy-authorization", "Basic eDp5"]]),
        case("a retry", headers=REMOTE_WRITE + [["retry-attempt", "3"]]),
        case("signed before", headers=REMOTE_WRITE + [["authorization", "AWS4-HMAC-SHA256 Credential=old"],
                                                      ["x-amz-date", "20200101T000000Z"]],
             session_token=SESSION_TOKEN),
        case("another region and service", region="cn-north-1", service="execute-api"),
        case("the last second of a year", now_ms=1_735_689_599_999),
        case("the first second of a year", now_ms=1_735_689_600_000),
        case("a leap day", now_ms=1_709_208_000_123),
    ]


def signed(request):
    body = bytes.fromhex(request["body"]["hex"]) * request["body"]["times"]
    aws = AWSRequest(method=request["method"], url=request["wire_url"], data=body)
    for name, value in request["headers"]:
        aws.headers[name] = value
    # What the signer for S3 adds; the plain one signs it when it is there.
    aws.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
    credentials = Credentials(ACCESS_KEY, SECRET_KEY, request["session_token"])
    signer = botocore.auth.SigV4Auth(credentials, request["service"], request["region"])
    now = datetime.datetime.fromtimestamp(request["now_ms"] // 1000, datetime.timezone.utc)
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda *_: now.replace(tzinfo=None)):
        signer.add_auth(aws)
    names = ["Authorization", "X-Amz-Date", "X-Amz-Content-SHA256", "X-Amz-Security-Token"]
    return {name.lower(): aws.headers[name] for name in names if name in aws.headers}


def golden():
    return {
        "about": "written by tests/oracle/sigv4_cases.py; do not edit",
        "botocore": botocore.__version__,
        "access_key_id": ACCESS_KEY,
        "secret_access_key": SECRET_KEY,
        "cases": [{**request, "signed": signed(request)} for request in cases()],
    }


def check(path, fresh):
    with open(path, encoding="utf-8") as file:
        held = json.load(file)
    old = {request["name"]: request for request in held["cases"]}
    new = {request["name"]: request for request in fresh["cases"]}
    differing = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    if held["access_key_id"] != ACCESS_KEY or held["secret_access_key"] != SECRET_KEY:
        differing.append("the keys")
    for name in differing:
        print(f"sigv4 oracle: differs: {name}\n  golden:   {old.get(name)}\n  botocore: {new.get(name)}", file=sys.stderr)
    versions = f"golden file by botocore {held['botocore']}, compared with botocore {botocore.__version__}"
    print(f"sigv4 oracle: {len(new)} requests, {len(differing)} differ ({versions})")
    return 1 if differing else 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = arguments.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", metavar="GOLDEN")
    what.add_argument("--check", metavar="GOLDEN")
    what = arguments.parse_args()
    fresh = golden()
    if what.check:
        return check(what.check, fresh)
    with open(what.write, "w", encoding="utf-8") as file:
        json.dump(fresh, file, indent=1, ensure_ascii=False)
        file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
