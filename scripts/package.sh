#!/usr/bin/env bash
# Builds what is given away: the binary for Linux x86_64 with glibc 2.28 or newer, a Python wheel that carries it, the
# manual pages and the completions. Into target folder `package`, whose files are printed with their sizes.
#
# usage: scripts/package.sh [aarch64]
# Needs what scripts/native.sh needs, and pip. Exit 1 when the binary asks for a newer glibc.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
# shellcheck source-path=SCRIPTDIR source=glibc.sh
source "$(dirname "${BASH_SOURCE[0]}")/glibc.sh"
choose_toolchain

maturin_version=1.9.6
arch="${1:-x86_64}"
case "$arch" in
    x86_64 | aarch64) target="$arch-unknown-linux-gnu" ;;
    *) echo "package: no architecture \"$arch\"; there are x86_64 and aarch64" >&2; exit 64 ;;
esac
if [[ ! -d "$(rustc --print sysroot)/lib/rustlib/$target" ]]; then
    rustup target add "$target"
fi

# maturin and zig, once.
tools="$cache/package-$maturin_version-zig-$zig_version"
if [[ ! -x "$tools/bin/maturin" ]]; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet "maturin==$maturin_version" "ziglang==$zig_version"
fi
package="$CARGO_TARGET_DIR/package"
rm -rf "$package"
mkdir -p "$package/man" "$package/completions"

# Refuses what the wheel's tag does not allow.
PATH="$tools/bin:$PATH" "$tools/bin/maturin" build --release --zig --target "$target" \
    --compatibility "manylinux_${newest_glibc/./_}" --manifest-path "$repo/crates/cli/Cargo.toml" --out "$package"
wheel="$(find "$package" -name '*.whl')"
python3 -m zipfile --extract "$wheel" "$package/unpacked"
find "$package/unpacked" -path '*/scripts/narthex' -exec install -m 755 {} "$package/narthex" \;
rm -r "$package/unpacked"
allow_glibc "$package/narthex"

if [[ "$arch" == "$(uname -m)" ]]; then
    "$package/narthex" man --into "$package/man"
    "$package/narthex" completions bash >"$package/completions/narthex.bash"
    "$package/narthex" completions zsh >"$package/completions/_narthex"
    "$package/narthex" completions fish >"$package/completions/narthex.fish"
fi
if [[ "$arch" == "$(uname -m)" ]]; then
    # As a user installs it.
    python3 -m venv "$package/venv"
    "$package/venv/bin/pip" install --quiet --no-index "$wheel"
    "$package/venv/bin/narthex" --version
    rm -r "$package/venv"
fi
printf 'package: glibc %s\n' "$(newest_symbol "$package/narthex")"
find "$package" -type f -printf '%10s  %p\n' | sort -k 2
