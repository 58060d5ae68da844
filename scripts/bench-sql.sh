#!/usr/bin/env bash
# Builds narthex and its Flink connector in release and measures with a script of bench/sql, which takes the other arguments:
# run.py (one job file on both engines), shapes.py, memory.py, contrast.py, latency.py.
#
# usage: scripts/bench-sql.sh [--without-flink] [--script run.py] [ARGUMENT …]
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
choose_toolchain

cd "$repo"
script=run.py
with_flink=true
arguments=()
while (($# > 0)); do
    case "$1" in
        --script) script="$2"; shift ;;
        --without-flink) with_flink=false ;;
        *) arguments+=("$1") ;;
    esac
    shift
done
# Only these two compare with Flink, and know that they may be told not to.
if ! "$with_flink" && [[ $script == run.py || $script == shapes.py ]]; then
    arguments+=(--without-flink)
fi
cargo build --quiet --release -p narthex --bin narthex
if "$with_flink"; then
    scripts/native.sh >/dev/null
fi
printf 'commit %s%s\n' "$(git rev-parse --short HEAD)" "$(git diff --quiet HEAD || echo ' with changes')"
printf '%s, %s cores; %s; %s\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
    "$(uname -sr)" "$(rustc --version)"
NARTHEX_NATIVE_BUILT=1 exec "bench/sql/$script" "${arguments[@]}"
