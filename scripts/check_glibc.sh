#!/usr/bin/env bash
# Links the binary and the Flink connector's library against the oldest glibc that is promised, and reads which symbols they
# ask for. Dev profile, for this machine's architecture: what is given away (scripts/package.sh, scripts/native.sh) is
# checked again when it is built.
#
# usage: scripts/check_glibc.sh        Exit 1 when one of them asks for a newer glibc.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
# shellcheck source-path=SCRIPTDIR source=glibc.sh
source "$(dirname "${BASH_SOURCE[0]}")/glibc.sh"
choose_toolchain

target="$(uname -m)-unknown-linux-gnu"
need_zig
cargo zigbuild -p narthex -p narthex-jni --target "$target.$newest_glibc"
for file in narthex libnarthex_jni.so; do
    allow_glibc "$CARGO_TARGET_DIR/$target/debug/$file"
    printf '%s: glibc %s\n' "$file" "$(newest_symbol "$CARGO_TARGET_DIR/$target/debug/$file")"
done
