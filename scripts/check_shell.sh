#!/usr/bin/env bash
# Checks the project's shell scripts with shellcheck, where that is installed.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

if ! type -P shellcheck >/dev/null; then
    echo "SKIPPED: shell scripts: shellcheck is not on PATH (Debian: apt-get install shellcheck)" >&2
    exit 0
fi
cd "$repo"
scripts=(.ci/run scripts/*.sh)
while IFS= read -r script; do
    scripts+=("$script")
done < <(find tests demo bench -name '*.sh' 2>/dev/null | sort)
shellcheck -x "${scripts[@]}"
