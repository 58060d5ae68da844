#!/usr/bin/env bash
# Runs fuzz targets with cargo-fuzz, NARTHEX_FUZZ_SECONDS (default 60) each.
#
# usage: scripts/fuzz.sh [target ...]    (default: all)
# Grown inputs stay in the cache folder; a crash is left in fuzz/artifacts, to be fixed and kept in fuzz/corpus.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
choose_toolchain

PATH="$PATH:$tools/bin"
if ! type -P cargo-fuzz >/dev/null; then
    echo "fuzz: cargo-fuzz is neither on PATH nor in $tools; run: cargo install cargo-fuzz --root $tools" >&2
    exit 1
fi
if ! cargo +nightly --version >/dev/null 2>&1; then
    echo "fuzz: no nightly compiler; run: rustup toolchain install nightly" >&2
    exit 1
fi

targets=("$@")
if ((${#targets[@]} == 0)); then
    mapfile -t targets < <(cargo +nightly fuzz list)
fi
failed=0
for target in "${targets[@]}"; do
    echo "==> fuzz $target"
    grown="$cache/fuzz/corpus/$target"
    mkdir -p "$grown" "fuzz/corpus/$target"
    dictionary=()
    [[ -f "fuzz/dictionaries/$target.dict" ]] && dictionary=(-dict="fuzz/dictionaries/$target.dict")
    cargo +nightly fuzz run --target-dir "$cache/fuzz/target" "$target" "$grown" "fuzz/corpus/$target" -- \
        -max_total_time="${NARTHEX_FUZZ_SECONDS:-60}" -timeout=10 -print_final_stats=1 "${dictionary[@]}" || failed=$((failed + 1))
done
printf '\n%d passed, %d failed\n' "$((${#targets[@]} - failed))" "$failed"
((failed == 0))
