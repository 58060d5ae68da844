#!/usr/bin/env bash
# Runs the test steps one after the other and sums up what all their runners counted.
#
# usage: scripts/test.sh [--list | step ...]    (default: every step, in the order of --list)
# A failed step does not keep the others from running, except those that need what it makes. Each cargo test
# and the Java tests count their tests, every other step counts as one. Lines `SKIPPED: <what>: <why>` of the steps are repeated at
# the end. With CI=true a real server that is missing is a failure (NARTHEX_REQUIRE_SERVERS=1).
# Exit 0: nothing failed; 1: something did; 64: no such step.
# NARTHEX_STEP_SECONDS (1800) is the longest that a step may take where nobody watches (no terminal).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

all_steps=(setup lock fmt clippy clippy-small deny deps shell build unit it oracle engines page deploy monitoring doc glibc java)

# Sets `command` to what a step runs.
command_of() {
    case "$1" in
        setup) command=(scripts/setup.sh test) ;;
        # First, for any later cargo call would bring an outdated lock file up to date.
        lock) command=(bash -c 'cargo metadata --locked --format-version 1 >/dev/null') ;;
        fmt) command=(cargo fmt --all -- --check --files-with-diff) ;;
        clippy) command=(cargo clippy --workspace --all-targets -- -D warnings) ;;
        clippy-small) command=(scripts/clippy-small.sh) ;;
        deny) command=(scripts/deny.sh) ;;
        deps) command=(scripts/check_deps.sh) ;;
        shell) command=(scripts/check_shell.sh) ;;
        build) command=(cargo test --workspace --no-run) ;;
        unit) command=(cargo test --workspace --no-fail-fast) ;;
        it) command=(cargo test --workspace --no-fail-fast --test 'real_*' -- --ignored) ;;
        oracle) command=(tests/oracle/check_sigv4.sh) ;;
        # A fixed seed, one expression of each template; `make test-flink` looks for new differences.
        engines) command=(tests/flink/random_sql.py --seed 1 --each 1 --rows 20) ;;
        page) command=(tests/page/page.py) ;;
        deploy) command=(tests/deploy/deploy.py) ;;
        # An alert takes its time: four minutes, of which none is busy.
        monitoring) command=(bash -c 'tests/monitoring/pushgateway.py && tests/monitoring/alert_path.py') ;;
        glibc) command=(scripts/check_glibc.sh) ;;
        java) command=(scripts/test-java.sh) ;;
        doc) command=(env "RUSTDOCFLAGS=-D warnings" cargo doc --workspace --no-deps) ;;
        *) return 1 ;;
    esac
}

# Prints the steps without which a step cannot run.
needs() {
    case "$1" in
        unit | it | engines | page | deploy | monitoring) echo setup build ;;
        setup | shell) ;;
        *) echo setup ;;
    esac
}

main() {
    if [[ "${1:-}" == --list ]]; then
        printf '%s\n' "${all_steps[@]}"
        return 0
    fi
    local step steps=("$@")
    ((${#steps[@]} > 0)) || steps=("${all_steps[@]}")
    for step in "${steps[@]}"; do
        command_of "$step" || { echo "test: no step \"$step\"; steps: ${all_steps[*]}" >&2; exit 64; }
    done

    cd "$repo"
    if [[ "${CI:-}" == true ]]; then
        export NARTHEX_REQUIRE_SERVERS=1
    fi
    logs="$(mktemp -d)"
    trap 'rm -rf "$logs"' EXIT
    table="" passed=0 failed=0 failed_steps=" "
    for step in "${steps[@]}"; do
        run "$step"
    done
    report
    ((failed == 0))
}

run() {
    local step="$1" needed began=$SECONDS status=0 ok bad result=ok
    for needed in $(needs "$step"); do
        if [[ "$failed_steps" == *" $needed "* ]]; then
            failed_steps+="$step "
            row "$step" "not run ($needed failed)" "" "" ""
            return
        fi
    done
    # setup may have brought what these look for.
    export_servers
    choose_toolchain || true

    command_of "$step"
    printf '\n==> %s: %s\n' "$step" "${command[*]}"
    if [[ ! -t 1 ]]; then
        command=(timeout --kill-after=10 "${NARTHEX_STEP_SECONDS:-1800}" "${command[@]}")
    fi
    "${command[@]}" 2>&1 </dev/null | tee "$logs/$step" || status=$?

    read -r ok bad < <(count "$logs/$step" "$status")
    if ((status != 0)); then
        result=FAILED
        failed_steps+="$step "
        if ((status == 124)); then result="TIMED OUT"; fi
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
    row "$step" "$result" "$ok" "$bad" "$((SECONDS - began))"
}

# Prints how many passed and failed in a log: the sum of cargo test's or the Java tests' lines, or the step itself as one. A step
# that failed without a failed test (no compiling, a crash, a time-out) adds one failure.
count() {
    awk -v status="$2" '
        /^java [0-9.]+: [0-9]+ passed, [0-9]+ failed$/ { runs++; ok += $3; bad += $5 }
        /^test result: / { runs++; for (i = 1; i < NF; i++) { if ($(i + 1) ~ /^passed/) ok += $i; if ($(i + 1) ~ /^failed/) bad += $i } }
        END {
            if (status != 0 && bad == 0) bad = 1
            if (!runs && status == 0) ok = 1
            print ok + 0, bad + 0
        }' "$1"
}

row() { table+="$(printf '%-14s %-24s %8s %8s %8s' "$1" "$2" "$3" "$4" "$5")"$'\n'; }

report() {
    local skips skipped=0
    printf '\n%-14s %-24s %8s %8s %8s\n%s' step result passed failed seconds "$table"
    skips="$(grep -h '^SKIPPED: ' -r "$logs" | sort | uniq -c | sed 's/^ *1 //; s/^ *\([0-9]*\) \(.*\)/\2 (\1 times)/' || true)"
    if [[ -n "$skips" ]]; then
        skipped="$(wc -l <<<"$skips")"
        printf '\n%s\n' "$skips"
    fi
    printf '\n'
    if ((skipped > 0)); then
        printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    else
        printf '%d passed, %d failed\n' "$passed" "$failed"
    fi
}

main "$@"
