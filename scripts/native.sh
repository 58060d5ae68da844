#!/usr/bin/env bash
# Builds the native library of the Flink connector and puts it where its jar takes it from.
#
#   scripts/native.sh        release, for Linux x86_64 with glibc 2.28 or newer (RHEL 8, Debian 10, Ubuntu 20.04)
#   scripts/native.sh --dev  dev profile, for this machine alone: fast to build, for tests
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
choose_toolchain

newest_glibc=2.28
platform=linux-x86_64
target=x86_64-unknown-linux-gnu
zig_version=0.13.0      # together with the next one: what this was tried with
zigbuild_version=0.24.1
library=libnarthex_jni.so
folder="$repo/java/narthex-flink/target/native/$platform"

# Prints the newest version of glibc that a library asks for.
newest_symbol() {
    objdump -T "$1" | sed -n 's/.*GLIBC_\([0-9.]*\).*/\1/p' | sort -uV | tail -n 1
}

# A linker for another glibc than this machine's: zig brings the symbols of each. Into the cache, once.
need_zig() {
    local tools_zig="$cache/zig-$zig_version"
    if [[ ! -x "$tools_zig/bin/python" ]]; then
        python3 -m venv "$tools_zig"
    fi
    if ! "$tools_zig/bin/python" -c 'import ziglang' 2>/dev/null; then
        "$tools_zig/bin/pip" install --quiet "ziglang==$zig_version"
    fi
    export CARGO_ZIGBUILD_PYTHON_PATH="$tools_zig/bin/python"
    if ! type -P cargo-zigbuild >/dev/null; then
        cargo install --quiet --locked "cargo-zigbuild@$zigbuild_version"
    fi
}

put() {
    mkdir -p "$folder"
    # A JVM may have the old file mapped: a new file, not new content.
    cp "$1" "$folder/$library.new"
    mv "$folder/$library.new" "$folder/$library"
    printf '%s, %s bytes, glibc %s\n' "$folder/$library" "$(stat -c %s "$folder/$library")" "$(newest_symbol "$folder/$library")"
}

if [[ "${1:-}" == --dev ]]; then
    cargo build -p narthex-jni
    put "$CARGO_TARGET_DIR/debug/$library"
    exit 0
fi

need_zig
cargo zigbuild --release -p narthex-jni --target "$target.$newest_glibc"
built="$CARGO_TARGET_DIR/$target/release/$library"
found="$(newest_symbol "$built")"
if [[ "$(printf '%s\n' "$found" "$newest_glibc" | sort -V | tail -n 1)" != "$newest_glibc" ]]; then
    echo "native: $library asks for glibc $found; at most $newest_glibc is allowed" >&2
    exit 1
fi
strip --strip-debug "$built" -o "$built.stripped"
put "$built.stripped"
