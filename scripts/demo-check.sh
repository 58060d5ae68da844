#!/usr/bin/env bash
# The main jobs, checked whole: generated samples with injected errors, through `narthex write`, into a Prometheus; then
# every stored sample is compared with what was written, and the ledger with what was injected. Then the same vehicles'
# events as JSON, through the job file demo/vehicles.sql, into the same Prometheus: raw, and as a fleet by model and region
# beside it; its ledger is held against the events.
#
# usage: scripts/demo-check.sh    (scripts/setup.sh demo first; needs Rust and a C compiler, no more)
# NARTHEX_DEMO_SAMPLES (200000) and NARTHEX_DEMO_RATE (10000 a second) size it. Prometheus is the one on PATH,
# else the one that setup.sh has fetched or built, else narthex' own receiver stands in (NARTHEX_DEMO_RECEIVER=builtin
# asks for it). Everything is in a temporary folder, which is removed; NARTHEX_DEMO_KEEP=1 keeps it, and so does a
# failure.
# Exit 0: everything agrees; 1: it does not, or something could not start; 130, 143: ended by a signal.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

samples="${NARTHEX_DEMO_SAMPLES:-200000}"
rate="${NARTHEX_DEMO_RATE:-10000}"
work=""
started=() # ids of the processes to end, the receiver's first

main() {
    choose_toolchain
    work="$(mktemp -d "${TMPDIR:-/tmp}/narthex-demo.XXXXXX")"
    trap finish EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    build
    start_receiver
    stream
    compare
    run_sql
}

say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }

build() {
    local quiet=()
    [[ -t 2 ]] || quiet=(--quiet)
    say "building narthex (without the signer for Amazon, which the demo does not use)"
    cargo build "${quiet[@]}" -p narthex --no-default-features --bin narthex --example demo_check
    # Copies: another build may replace them while the demo runs.
    cp "$CARGO_TARGET_DIR/debug/narthex" "$CARGO_TARGET_DIR/debug/examples/demo_check" "$work/"
}

start_receiver() {
    local binary
    if [[ "${NARTHEX_DEMO_RECEIVER:-}" == builtin ]]; then
        start_builtin "as asked for"
    elif binary="$(type -P prometheus)" || binary="$(find_prometheus_2)" \
        || { binary="$prometheus_3_cached" && [[ -x "$binary" ]]; }; then
        start_prometheus "$binary"
    else
        start_builtin "no Prometheus on this machine"
    fi
}

# Prometheus cannot say which free port it took, so it is given one; three tries, should another take it first.
start_prometheus() {
    local attempt port
    kind=prometheus
    printf 'global:\n  scrape_interval: 1m\n' >"$work/prometheus.yml"
    for attempt in 1 2 3; do
        port=$((15000 + RANDOM % 17000))
        "$1" --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
            --web.listen-address="127.0.0.1:$port" --web.enable-remote-write-receiver \
            </dev/null >"$work/prometheus.log" 2>&1 &
        started=($!)
        for _ in {1..200}; do
            kill -0 "${started[0]}" 2>/dev/null || break
            if grep -q 'Server is ready to receive web requests' "$work/prometheus.log"; then
                url="http://127.0.0.1:$port"
                say "$("$1" --version 2>&1 | sed -n '1s/ (.*//p') ($1) is ready at $url"
                return 0
            fi
            sleep 0.1
        done
        echo "demo: Prometheus does not start (attempt $attempt): $(tail -n 1 "$work/prometheus.log")" >&2
        end_all KILL
    done
    return 1
}

start_builtin() {
    kind=builtin
    "$work/narthex" receive </dev/null >"$work/receiver.log" 2>&1 &
    started=($!)
    for _ in {1..100}; do
        url="$(sed -n 's,^listening on \(http://[^ /]*\).*,\1,p' "$work/receiver.log")"
        if [[ -n "$url" ]]; then
            say "$1: narthex' own receiver is ready at $url"
            return 0
        fi
        sleep 0.1
    done
    echo "demo: the built-in receiver does not start: $(tail -n 1 "$work/receiver.log")" >&2
    return 1
}

# generate | tee | write, through named pipes and in the background, so that each has its id and a signal is
# answered at once. Of the log only the progress is shown: there is a warning for each of the injected errors.
stream() {
    local generator writer
    say "streaming $samples samples of 1,000 vehicles, $rate a second, some of them bad on purpose"
    mkfifo "$work/generated" "$work/copied"
    "$work/narthex" generate --kind vehicle-series --devices 1000 --count "$samples" --rate "$rate" \
        --out-of-order 0.002 --late 0.001 --duplicate 0.001 --conflict 0.001 --malformed 0.0005 --bad-label 0.0005 \
        --nan 0.001 --future 0.0005 --manifest "$work/manifest.ndjson" >"$work/generated" 2>"$work/generate.log" &
    generator=$!
    tee "$work/stream.ndjson" <"$work/generated" >"$work/copied" &
    started+=("$generator" $!)
    { "$work/demo_check" first "$kind" "$url" && say "the first sample is stored"; } &
    started+=($!)
    NARTHEX_LOG="${NARTHEX_LOG:-error,narthex::progress=info}" "$work/narthex" write --url "$url/api/v1/write" \
        --dead-letters "$work/dead-letters.ndjson" --ledger "$work/ledger.json" <"$work/copied" &
    writer=$!
    started+=("$writer")
    wait "$generator" || { echo "demo: $(tail -n 1 "$work/generate.log")" >&2; return 1; }
    wait "$writer"
}

compare() {
    say "reading back every sample"
    echo
    "$work/demo_check" compare "$kind" "$url" "$work" || return 1
    echo
    say "everything agrees: what is stored is what was written, and each lost sample has its reason"
    printf '\none of the %d dead letters:\n%s\n' "$(wc -l <"$work/dead-letters.ndjson")" \
        "$(grep -m 1 '"kind":"sample"' "$work/dead-letters.ndjson")"
}

# Half of the samples' number in events, five times as fast, through `narthex run`.
run_sql() {
    local events=$((samples / 2)) malformed generator
    say "running demo/vehicles.sql on $events events, some of them malformed"
    mkfifo "$work/events"
    "$work/narthex" generate --kind vehicles --devices 1000 --count "$events" --positions --rate $((5 * rate)) --malformed 0.001 \
        --gps-jump 0.001 --manifest "$work/events.manifest" >"$work/events" 2>"$work/generate.log" &
    generator=$!
    started+=("$generator")
    EVENTS=- MODELS="$repo/demo/models.json" RECEIVER="$url" NARTHEX_LOG=error "$work/narthex" run "$repo/demo/vehicles.sql" <"$work/events" \
        --dead-letters "$work/events.lost" --ledger "$work/events.ledger"
    wait "$generator" || { echo "demo: $(tail -n 1 "$work/generate.log")" >&2; return 1; }
    malformed="$(grep -c '"kind":"malformed"' "$work/events.manifest")"
    ledger_says 'vehicle_samples":{"rows' "$events"
    ledger_says undecodable "$malformed"
    if [[ "$(wc -l <"$work/events.lost")" != "$malformed" ]]; then
        echo "demo: not each of the $malformed malformed events is a dead letter" >&2
        return 1
    fi
    say "the job file's ledger agrees: $events events written, $malformed malformed ones told of"
    echo
    "$work/demo_check" contrast "$kind" "$url" || return 1
    echo
    say "the same events, as samples of each vehicle and as figures of the fleet"
}

# Whether the SQL job's ledger has this number under this name.
ledger_says() {
    if ! grep -q "\"$1\":$2[,}]" "$work/events.ledger"; then
        echo "demo: the ledger has no $1 of $2: $(cat "$work/events.ledger")" >&2
        return 1
    fi
}

finish() {
    local status=$?
    trap - EXIT INT TERM
    end_all TERM
    if [[ "${NARTHEX_DEMO_KEEP:-}" == 1 ]] || { ((status != 0)) && ((status < 128)); }; then
        echo "demo: exit $status; everything that was written is in $work" >&2
    else
        rm -rf "$work"
    fi
    exit "$status"
}

# Ends what was started, by id, the last first, so that `write` can drain before its receiver goes; who does not
# listen within 5 seconds is killed.
end_all() {
    local at id
    for ((at = ${#started[@]} - 1; at >= 0; at--)); do
        id="${started[at]}"
        kill -s "$1" "$id" 2>/dev/null || continue
        for _ in {1..50}; do
            kill -0 "$id" 2>/dev/null || break
            sleep 0.1
        done
        kill -s KILL "$id" 2>/dev/null || true
        wait "$id" 2>/dev/null || true
    done
    started=()
}

main "$@"
