#!/usr/bin/env bash
# Runs the Java tests on both lines of Flink, one after the other, and prints one line each:
#     java 1.20: 90 passed, 0 failed
#
# usage: scripts/test-java.sh [-Dtest=Class …]    (arguments go to Maven)
# The native library is built first, in the dev profile; with NARTHEX_NATIVE_BUILT=1 the one that is there serves.
# Maven's own output is shown only where a line failed. Lines `SKIPPED: …` and `throttled: …` of the tests are passed
# on, and `soak: …` where the number of starts is given (-Dsoak.starts=…). With CI=1 or NARTHEX_REQUIRE_SERVERS=1 a real
# server that is missing is a failure. Exit 0: nothing failed; 1: something did.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

main() {
    cd "$repo"
    export_servers
    logs="$(mktemp -d)"
    trap 'rm -rf "$logs"' EXIT
    local line failed=0
    if [[ "${NARTHEX_NATIVE_BUILT:-}" != 1 ]] && ! scripts/native.sh --dev >"$logs/native" 2>&1; then
        cat "$logs/native" >&2
        echo "test-java: the native library cannot be built" >&2
        return 1
    fi
    for line in 1.20 2.2; do
        run "$line" "$@" || failed=1
    done
    return "$failed"
}

run() {
    local line="$1" status=0 ok bad
    shift
    # Reports of an earlier run would be counted again.
    rm -rf java/*/target/"$line"/surefire-reports
    mvn -q -B -f java/pom.xml -Dflink.line="$line" -Dsurefire.failIfNoSpecifiedTests=false -Dmaven.test.failure.ignore=false \
        --fail-at-end package "$@" >"$logs/$line" 2>&1 </dev/null || status=$?
    grep -hE '^(SKIPPED|throttled): ' "$logs/$line" | sort -u || true
    if [[ "$*" == *-Dsoak.starts=* ]]; then
        grep -ho 'soak: .*' "$logs/$line" | sed "s/^soak: /soak $line: /" || true
    fi
    read -r ok bad < <(count "$line" "$status")
    if ((status != 0)); then
        grep -v '^\s*at org\.\(junit\|apache\.maven\|apache\.flink\|apache\.pekko\)' "$logs/$line" || true
    fi
    printf 'java %s: %d passed, %d failed\n' "$line" "$ok" "$bad"
    ((status == 0 && bad == 0 && ok > 0))
}

# Prints how many tests passed and failed; a run that failed without a failed test adds one failure.
count() {
    find java/*/target/"$1"/surefire-reports -name 'TEST-*.xml' -exec grep -h -m1 -A3 '<testsuite ' {} + 2>/dev/null \
        | tr '\n' ' ' | sed 's/<testsuite /\n&/g' \
        | awk -v status="$2" '
            function number(name) { return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3) + 0 : 0 }
            /<testsuite / { bad += number("errors") + number("failures"); ok += number("tests") - number("errors") - number("failures") - number("skipped") }
            END { if (status != 0 && bad == 0) bad = 1; print ok + 0, bad + 0 }'
}

main "$@"
