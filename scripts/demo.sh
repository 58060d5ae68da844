#!/usr/bin/env bash
# The main job, whole: generated samples with injected errors, through `narthex write`, into a Prometheus; then
# what is stored is compared with what was written, and the ledger with what was injected.
#
# usage: scripts/demo.sh    (scripts/setup.sh demo first; needs Rust and a C compiler, no more)
# NARTHEX_DEMO_SAMPLES (200000) and NARTHEX_DEMO_RATE (25000 a second) size it. Prometheus is the one on PATH,
# else the one in the cache, else narthex' own receiver stands in. What was written stays in .demo/.
# Exit 0: everything agrees; 1: it does not, or something could not start.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

samples="${NARTHEX_DEMO_SAMPLES:-200000}"
rate="${NARTHEX_DEMO_RATE:-25000}"
work="$repo/.demo"
receiver="" # the process id of Prometheus or of our receiver

main() {
    choose_toolchain
    echo "demo: building narthex (without the signer for Amazon, which the demo does not use)"
    cargo build --quiet -p narthex --no-default-features
    # A copy: another build may replace the binary while the demo runs.
    rm -rf "$work"
    mkdir -p "$work"
    cp "$CARGO_TARGET_DIR/debug/narthex" "$work/narthex"

    trap 'stop_receiver KILL' EXIT
    start_receiver
    stream
    compare
}

start_receiver() {
    local binary
    if binary="$(type -P prometheus)" || binary="$(find_prometheus_2)" || { binary="$prometheus_3_cached" && [[ -x "$binary" ]]; }; then
        start_prometheus "$binary"
    else
        start_builtin
    fi
}

start_prometheus() {
    local attempt
    printf 'global:\n  scrape_interval: 1m\n' >"$work/prometheus.yml"
    for attempt in 1 2 3; do
        port=$((15000 + RANDOM % 17000))
        "$1" --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
            --web.listen-address="127.0.0.1:$port" --web.enable-remote-write-receiver \
            >"$work/prometheus.log" 2>&1 &
        receiver=$!
        for _ in {1..200}; do
            kill -0 "$receiver" 2>/dev/null || break
            if [[ "$(get /-/ready)" == *" 200 OK"* ]]; then
                url="http://127.0.0.1:$port/api/v1/write"
                echo "demo: $("$1" --version 2>&1 | sed -n '1s/ (.*//p') from $1 at http://127.0.0.1:$port"
                return 0
            fi
            sleep 0.1
        done
        echo "demo: Prometheus does not start (attempt $attempt): $(tail -n 1 "$work/prometheus.log")" >&2
    done
    return 1
}

start_builtin() {
    "$work/narthex" receive --dump "$work/stored.ndjson" 2>"$work/receiver.log" >&2 &
    receiver=$!
    for _ in {1..100}; do
        url="$(sed -n 's,.*listening on \(http://[^ /]*\).*,\1/api/v1/write,p' "$work/receiver.log" | head -n 1)"
        if [[ -n "$url" ]]; then
            echo "demo: no Prometheus on this machine: narthex' own receiver stands in, at $url"
            return 0
        fi
        sleep 0.1
    done
    echo "demo: the built-in receiver does not start: $(tail -n 1 "$work/receiver.log")" >&2
    return 1
}

# Ends the receiver with the given signal and waits for it.
stop_receiver() {
    if [[ -n "$receiver" ]]; then
        kill -s "$1" "$receiver" 2>/dev/null || true
        wait "$receiver" 2>/dev/null || true
        receiver=""
    fi
}

stream() {
    # On a terminal the live line is worth more than the warnings of what is lost on purpose.
    if [[ -t 2 ]]; then export NARTHEX_LOG="${NARTHEX_LOG:-error}"; fi
    echo "demo: $samples samples of 1,000 vehicles at $rate a second, some of them bad on purpose"
    echo
    "$work/narthex" generate --kind vehicle-series --devices 1000 --count "$samples" --rate "$rate" \
        --out-of-order 0.002 --late 0.001 --duplicate 0.001 --conflict 0.001 --malformed 0.0005 --bad-label 0.0005 \
        --nan 0.001 --future 0.0005 --manifest "$work/manifest.ndjson" 2>"$work/generate.log" \
        | "$work/narthex" write --url "$url" --format ndjson \
            --dead-letters "$work/dead-letters.ndjson" --ledger "$work/ledger.json"
}

# Prints a table of injected against counted, and of written against stored.
compare() {
    local injected counted reason
    injected="$(grep '"kind":"summary"' "$work/manifest.ndjson" | sed 's/.*"expected"://')"
    counted="$(cat "$work/ledger.json")"
    differences=0

    printf '\n%-32s %10s %10s\n' "ledger" injected counted
    line received "$(number received "$injected")" "$(number received "$counted")"
    line written "$(number written "$injected")" "$(number written "$counted")"
    line replayed 0 "$(number replayed "$counted")"
    while read -r reason; do
        line "rejected{$reason}" 0 "$(number "$reason" "$(part rejected "$counted")")"
    done < <(reasons "$(part rejected "$counted")")
    while read -r reason; do
        line "dropped{$reason}" "$(number "$reason" "$(part dropped "$injected")")" \
            "$(number "$reason" "$(part dropped "$counted")")"
    done < <(reasons "$(part dropped "$injected")$(part dropped "$counted")")
    line pending 0 "$(number pending "$counted")"
    line "undecodable lines" "$(number undecodable "$injected")" "$(number undecodable "$counted")"

    count_stored
    printf '\n%-32s %10s %10s\n' "receiver" written stored
    line samples "$(number written "$counted")" "$stored"

    printf '\ndemo: dead letters: .demo/dead-letters.ndjson (%d lines), injected errors: .demo/manifest.ndjson\n' \
        "$(wc -l <"$work/dead-letters.ndjson")"
    if ((differences > 0)); then
        echo "demo: $differences line(s) differ" >&2
        exit 1
    fi
    echo "demo: everything agrees"
}

line() {
    local mark=""
    if [[ "$2" != "$3" ]]; then
        mark="  <-- differs"
        differences=$((differences + 1))
    fi
    printf '  %-30s %10s %10s%s\n' "$1" "$2" "$3" "$mark"
}

# The number under a key of a flat stretch of JSON; 0 when the key is absent.
number() {
    local found
    found="$(grep -o "\"$1\":[0-9]*" <<<"$2" | head -n 1 || true)"
    printf '%s' "${found##*:}" | grep . || echo 0
}

# The inside of the object under a key.
part() { sed -n "s/.*\"$1\":{\([^}]*\)}.*/\1,/p" <<<"$2"; }

# The keys in what `part` printed.
reasons() { grep -o '"[a-z_]*":' <<<"$1" | tr -d '":' | sort -u; }

# Sets `stored` to how many samples the receiver holds: Prometheus is asked, our receiver writes its dump when it
# ends (and must be waited for by this very shell, hence no output to capture).
count_stored() {
    if [[ -z "${port:-}" ]]; then
        stop_receiver TERM
        stored="$(grep -oE '\[-?[0-9]+,' "$work/stored.ndjson" | wc -l)"
        return
    fi
    # Metric by metric: the functions of PromQL drop the name, without which series could clash.
    local metric found
    stored=0
    for metric in $(get /api/v1/label/__name__/values | sed -n 's/.*"data":\[\(.*\)\].*/\1/p' | tr -d '"' | tr ',' ' '); do
        found="$(get "/api/v1/query?query=sum(count_over_time($metric%5B1d%5D))" \
            | sed -n 's/.*"value":\[[^,]*,"\([0-9]*\)"\].*/\1/p')"
        stored=$((stored + found))
    done
}

# An HTTP answer, headers included, with bash alone: the demo must not need curl.
get() {
    { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 0
    printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "$1" >&3
    cat <&3
    exec 3>&-
}

main "$@"
