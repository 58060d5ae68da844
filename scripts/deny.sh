#!/usr/bin/env bash
# Checks licences, bans and sources of all dependencies (deny.toml) with cargo-deny; no network beyond cargo's.
#
# Advisories are not checked here: they need a database from outside. `cargo deny check advisories` does it.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
choose_toolchain

if ! cargo_deny="$(find_cargo_deny)"; then
    echo "SKIPPED: cargo-deny: not installed; run scripts/setup.sh test" >&2
    exit "$([[ "${CI:-}" == true ]] && echo 1 || echo 0)"
fi
"$cargo_deny" --log-level warn check --hide-inclusion-graph bans licenses sources || {
    echo "deny: see who pulls a crate with: cargo tree --workspace --all-features --target all -i CRATE@VERSION" >&2
    exit 1
}
