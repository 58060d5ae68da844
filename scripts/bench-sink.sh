#!/usr/bin/env bash
# Measures the sink in a release build and prints the tables of docs/benchmarks.md, headed by machine and commit.
#
# usage: scripts/bench-sink.sh [option ...]    (options go to `bench-sink all`; --help lists them)
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
choose_toolchain

cargo build --quiet --release -p narthex-bench
printf 'commit %s%s\n' "$(git rev-parse --short HEAD)" "$(git diff --quiet HEAD || echo ' with changes')"
printf '%s, %s cores; %s; %s\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
    "$(uname -sr)" "$(rustc --version)"
exec "$CARGO_TARGET_DIR/release/bench-sink" all "$@"
