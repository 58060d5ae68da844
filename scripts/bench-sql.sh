#!/usr/bin/env bash
# Builds narthex and its Flink connector in release and measures one job file on both engines: bench/sql/run.py, which
# takes the arguments.
#
# usage: scripts/bench-sql.sh [--events N] [--rounds N] [--without-flink]
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
choose_toolchain

cd "$repo"
cargo build --quiet --release -p narthex --bin narthex
if [[ " $* " != *" --without-flink "* ]]; then
    scripts/native.sh >/dev/null
fi
printf 'commit %s%s\n' "$(git rev-parse --short HEAD)" "$(git diff --quiet HEAD || echo ' with changes')"
printf '%s, %s cores; %s; %s\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
    "$(uname -sr)" "$(rustc --version)"
NARTHEX_NATIVE_BUILT=1 exec bench/sql/run.py "$@"
