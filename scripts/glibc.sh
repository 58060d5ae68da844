# The oldest glibc that binaries and libraries for others run with, and whether one keeps to it. Sourced.
# shellcheck shell=bash

newest_glibc=2.28  # RHEL 8, Debian 10, Ubuntu 20.04
zig_version=0.13.0 # a linker that knows the symbols of each glibc; together with the next and maturin 1.9.6
zigbuild_version=0.24.1

# Prints the newest version of glibc that a file asks for.
newest_symbol() {
    readelf --wide --dyn-syms "$1" | sed -n 's/.*GLIBC_\([0-9.]*\).*/\1/p' | sort -uV | tail -n 1
}

# Fails if a file asks for a newer glibc.
allow_glibc() {
    local found
    found="$(newest_symbol "$1")"
    if [[ "$(printf '%s\n' "$found" "$newest_glibc" | sort -V | tail -n 1)" != "$newest_glibc" ]]; then
        echo "$(basename "$1") asks for glibc $found; at most $newest_glibc is allowed" >&2
        return 1
    fi
}

# A linker for another glibc than this machine's: zig brings the symbols of each. Into the cache, once.
need_zig() {
    local tools_zig="${cache:?}/zig-$zig_version"
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
