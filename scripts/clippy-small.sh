#!/usr/bin/env bash
# Lints the builds that a whole-workspace build hides, because it unites the features of all crates.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
choose_toolchain

# The client without its HTTP transport, and the binary without a signer.
cargo clippy -p narthex-client --no-default-features -- -D warnings
cargo clippy -p narthex --no-default-features -- -D warnings
