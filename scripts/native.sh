#!/usr/bin/env bash
# Builds the native library of the Flink connector and puts it where its jar takes it from.
#
#   scripts/native.sh            release, for Linux x86_64 with glibc 2.28 or newer (RHEL 8, Debian 10, Ubuntu 20.04)
#   scripts/native.sh aarch64    the same for Linux aarch64; the jar takes as many platforms as there are
#   scripts/native.sh --dev      dev profile, for this machine alone: fast to build, for tests
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
# shellcheck source-path=SCRIPTDIR source=glibc.sh
source "$(dirname "${BASH_SOURCE[0]}")/glibc.sh"
choose_toolchain

library=libnarthex_jni.so
natives="$repo/java/narthex-flink/target/native"

# Puts a library where the jar takes that of an architecture from.
put() {
    local folder="$natives/linux-$2"
    mkdir -p "$folder"
    # A JVM may have the old file mapped: a new file, not new content.
    cp "$1" "$folder/$library.new"
    mv "$folder/$library.new" "$folder/$library"
    printf '%s, %s bytes, glibc %s\n' "$folder/$library" "$(stat -c %s "$folder/$library")" "$(newest_symbol "$folder/$library")"
}

if [[ "${1:-}" == --dev ]]; then
    cargo build -p narthex-jni
    put "$CARGO_TARGET_DIR/debug/$library" "$(uname -m)"
    exit 0
fi

arch="${1:-x86_64}"
case "$arch" in
    x86_64 | aarch64) target="$arch-unknown-linux-gnu" ;;
    *) echo "native: no architecture \"$arch\"; there are x86_64 and aarch64" >&2; exit 64 ;;
esac
need_zig
if [[ ! -d "$(rustc --print sysroot)/lib/rustlib/$target" ]]; then
    rustup target add "$target"
fi
# Stripped by the linker of the target.
export CARGO_PROFILE_RELEASE_STRIP=debuginfo
cargo zigbuild --release -p narthex-jni --target "$target.$newest_glibc"
built="$CARGO_TARGET_DIR/$target/release/$library"
allow_glibc "$built"
put "$built" "$arch"
