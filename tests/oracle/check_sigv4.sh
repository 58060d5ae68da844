#!/bin/sh
# Compares the golden SigV4 signatures with a botocore installed from PyPI into a venv of its own.
# Exit 0: equal, or skipped (and says so); 1: a signature differs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
golden="$here/../../crates/signer-amp/tests/sigv4_cases.json"
venv="${XDG_CACHE_HOME:-$HOME/.cache}/narthex/venv-oracle"
python="$venv/bin/python"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

skip() {
    echo "SKIPPED: sigv4 oracle: $1; the golden file was checked by the Rust test alone" >&2
    if [ -s "$log" ]; then tail -n 3 "$log" >&2; fi
    exit 0
}

command -v python3 >/dev/null 2>&1 || skip "python3 is not on PATH"
if ! "$python" -c 'import botocore' >/dev/null 2>&1; then
    version=$(sed -n 's/^ "botocore": "\(.*\)",$/\1/p' "$golden")
    mkdir -p "$(dirname "$venv")"
    python3 -m venv "$venv" >"$log" 2>&1 || skip "python3 cannot make a venv (Debian: apt-get install python3-venv)"
    "$python" -m pip install --quiet "botocore==$version" >"$log" 2>&1 \
        || "$python" -m pip install --quiet botocore >"$log" 2>&1 \
        || skip "pip cannot install botocore"
fi
exec "$python" "$here/sigv4_cases.py" --check "$golden"
