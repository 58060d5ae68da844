# shellcheck shell=bash
# Where caches and tools live, and which toolchain runs: sourced by the other scripts, never run.
#
# Everything that is built or fetched stays outside the checkout, so that a fresh clone starts warm.

repo="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/narthex"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}"

# shellcheck disable=SC2034 # read by the scripts that source this file
{
    rust_version="1.95"        # rust-toolchain.toml pins the patch release
    cargo_deny_version="0.20.2" # needs Rust 1.88
    tools="$cache/tools"        # cargo-deny, in a cargo root of its own
    prometheus_2_cached="$cache/prometheus-2/prometheus"
    promtool_cached="$cache/prometheus-2/promtool"
    pushgateway_cached="$cache/pushgateway/pushgateway"
    alertmanager_cached="$cache/alertmanager/alertmanager"
    alertmanager_templates=/usr/share/prometheus/alertmanager # Debian's build reads them there
}

# Prometheus 3.x: the pinned module's tag set, and a folder named after everything that decides the binary.
# shellcheck disable=SC2034
prometheus_3_tags="remove_all_sd" # no service discovery: a third of the size, and the tests scrape nothing
prometheus_3_module="$repo/tests/servers/prometheus3"
prometheus_3_key="$(cat "$prometheus_3_module/go.mod" "$prometheus_3_module/go.sum" - <<<"$prometheus_3_tags" \
    | cksum | tr -d ' ')"
prometheus_3_cached="$cache/prometheus-3/$prometheus_3_key/prometheus"

# Prints the Prometheus 2.x to test against: the one on PATH, else the cached one; fails when there is none.
find_prometheus_2() {
    local candidate
    for candidate in "$(type -P prometheus || true)" "$prometheus_2_cached"; do
        if [[ -n "$candidate" ]] && "$candidate" --version 2>&1 | grep -q '^prometheus, version 2\.'; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    return 1
}

# Prints the promtool to check with: the one on PATH, else the cached one; fails when there is none.
find_promtool() {
    type -P promtool && return 0
    [[ -x "$promtool_cached" ]] && printf '%s\n' "$promtool_cached"
}

# Prints the Alertmanager to use: the one on PATH, else the cached one with its templates; fails when there is none.
find_alertmanager() {
    type -P prometheus-alertmanager && return 0
    [[ -x "$alertmanager_cached" && -e "$alertmanager_templates/default.tmpl" ]] && printf '%s\n' "$alertmanager_cached"
}

# Prints the browser to use; fails when there is none.
find_chromium() { type -P chromium || type -P chromium-browser || type -P google-chrome; }

# Prints the Pushgateway to use: the one on PATH, else the cached one; fails when there is none.
find_pushgateway() {
    type -P prometheus-pushgateway && return 0
    [[ -x "$pushgateway_cached" ]] && printf '%s\n' "$pushgateway_cached"
}

# Prints the cargo-deny to use; fails when there is none.
find_cargo_deny() {
    type -P cargo-deny && return 0
    [[ -x "$tools/bin/cargo-deny" ]] && printf '%s\n' "$tools/bin/cargo-deny"
}

# Lets the tests find the servers (crates/testkit/src/prometheus.rs reads these).
export_servers() {
    local found
    if [[ -z "${NARTHEX_PROMETHEUS_2:-}" ]] && found="$(find_prometheus_2)"; then
        export NARTHEX_PROMETHEUS_2="$found"
    fi
    if [[ -z "${NARTHEX_PROMTOOL:-}" ]] && found="$(find_promtool)"; then
        export NARTHEX_PROMTOOL="$found"
    fi
    if [[ -z "${NARTHEX_PUSHGATEWAY:-}" ]] && found="$(find_pushgateway)"; then
        export NARTHEX_PUSHGATEWAY="$found"
    fi
    if [[ -z "${NARTHEX_ALERTMANAGER:-}" ]] && found="$(find_alertmanager)"; then
        export NARTHEX_ALERTMANAGER="$found"
    fi
    if [[ -z "${NARTHEX_PROMETHEUS_3:-}" && -x "$prometheus_3_cached" ]]; then
        export NARTHEX_PROMETHEUS_3="$prometheus_3_cached"
    fi
}

# Makes `cargo` in the checkout the pinned version. rustup installs it by itself where it may download; where
# it may not, an installed toolchain of the same version under another name (say `stable`) serves as well.
choose_toolchain() {
    local name
    cd "$repo" || return 1
    if cargo --version >/dev/null 2>&1; then return 0; fi
    type -P rustup >/dev/null || return 1
    while read -r name _; do
        if RUSTUP_TOOLCHAIN="$name" rustc --version 2>/dev/null | grep -q "^rustc ${rust_version//./\\.}\."; then
            export RUSTUP_TOOLCHAIN="$name"
            return 0
        fi
    done < <(rustup toolchain list 2>/dev/null)
    return 1
}
