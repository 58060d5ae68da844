#!/usr/bin/env bash
# Connected vehicles on this machine: 100,000 of them, generated, through demo/vehicles.sql, into a Prometheus. It starts
# everything in the background, waits until figures of the fleet are stored, and prints where to look and what raw writing
# costs beside it.
#
# usage: scripts/demo.sh up [--engine narthex|flink] [--vehicles N] [--rate N] [--minutes N]    (scripts/setup.sh demo first)
#        scripts/demo.sh contrast    series, samples and bytes a second, once more
#        scripts/demo.sh down
#   --engine     what runs the job file: narthex, or a Flink session cluster with narthex's jar, which also needs Python,
#                JDK 17 and Maven (scripts/setup.sh test)
#   --vehicles   how many (100000)
#   --rate       events a second (10000)
#   --minutes    when the generator ends by itself, and the job with it (20)
# The Prometheus is the one on PATH, else the one that setup.sh has fetched, else narthex' own receiver. All that is
# written is in a folder of the cache, which `down` removes when it has ended what was started; the Prometheus ends by
# itself an hour after the job.
# Exit 0: it runs, or nothing is left of it; 1: something could not start; 64: wrong flags.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

state="$cache/demo"
engine=narthex
vehicles=100000
rate=10000
minutes=20

main() {
    local what="${1:-}"
    shift || true
    case "$what" in
        up) flags "$@"; up ;;
        contrast) contrast ;;
        down) down ;;
        -h | --help) sed -n '2,18s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" ;;
        *) echo "demo: unknown command \"$what\"; there are up, contrast and down" >&2; exit 64 ;;
    esac
}

flags() {
    while (($# > 0)); do
        if [[ "$1" == --engine ]]; then
            if [[ "${2:-}" != narthex && "${2:-}" != flink ]]; then
                echo "demo: --engine takes narthex or flink" >&2
                exit 64
            fi
            engine="$2"
            shift 2
            continue
        fi
        if [[ ! "${2:-}" =~ ^[1-9][0-9]*$ ]]; then
            echo "demo: $1 takes a number" >&2
            exit 64
        fi
        case "$1" in
            --vehicles) vehicles="$2" ;;
            --rate) rate="$2" ;;
            --minutes) minutes="$2" ;;
            *) echo "demo: unknown flag \"$1\"; there are --engine, --vehicles, --rate and --minutes" >&2; exit 64 ;;
        esac
        shift 2
    done
}

say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }

up() {
    if [[ -d "$state" ]]; then
        if [[ -f "$state/page" ]] && runs job; then
            echo "demo: it runs already: $(cat "$state/page"); \`make demo-down\` ends it" >&2
            exit 1
        fi
        down
    fi
    choose_toolchain
    mkdir -p "$state/targets"
    trap 'did_not_start $?' ERR
    build
    start_receiver
    start_job
    "$state/demo_check" first "$kind" "$url"
    say "the first sample is stored"
    wait_for_fleet
    trap - ERR
    tell
}

did_not_start() {
    echo "demo: it did not start; see the logs in $state, and end it with make demo-down" >&2
    exit "$1"
}

build() {
    local quiet=()
    [[ -t 2 ]] || quiet=(--quiet)
    say "building narthex (without the signer for Amazon, which the demo does not use)"
    cargo build "${quiet[@]}" -p narthex --no-default-features --bin narthex --example demo_check
    # Copies: another build may replace them while the demo runs.
    cp "$CARGO_TARGET_DIR/debug/narthex" "$CARGO_TARGET_DIR/debug/examples/demo_check" "$state/"
}

# Starts a command in a session of its own, under a name: its output is in NAME.log. When it began is kept with its id,
# so that `down` ends nobody else who got that id later.
start() {
    local name="$1" id
    shift
    setsid "$@" >"$state/$name.out" 2>"$state/$name.log" &
    id=$!
    printf '%s %s\n' "$id" "$(began "$id")" >"$state/$name.id"
    disown "$id"
}

# When a process began, in ticks; nothing where there is none, or only what is left of one.
began() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'; }

runs() {
    local id since
    [[ -f "$state/$1.id" ]] || return 1
    read -r id since <"$state/$1.id" && [[ -n "$since" && "$(began "$id")" == "$since" ]]
}

start_receiver() {
    local binary life=$((60 * (minutes + 60)))
    if binary="$(find_prometheus_2)" || { binary="$prometheus_3_cached" && [[ -x "$binary" ]]; }; then
        kind=prometheus
        sed "s,alerts.yml,$repo/deploy/monitoring/alerts.yml," "$repo/deploy/monitoring/prometheus.yml" >"$state/prometheus.yml"
        # Late events, and those of a rate that is too much for this machine, are behind others of their series.
        printf 'storage:\n  tsdb:\n    out_of_order_time_window: 30m\n' >>"$state/prometheus.yml"
        start_prometheus "$binary" "$life"
    else
        kind=builtin
        start receiver timeout "$life" "$state/narthex" receive --out-of-order-window unlimited
        url="$(listening receiver)"
        url="${url%/api/v1/write}"
        say "no Prometheus on this machine: narthex' own receiver is at $url"
    fi
}

# Prometheus cannot say which free port it took, so it is given one; three tries, should another take it first.
start_prometheus() {
    local attempt port
    for attempt in 1 2 3; do
        port=$((15000 + RANDOM % 17000))
        start receiver timeout "$2" "$1" --config.file="$state/prometheus.yml" --storage.tsdb.path="$state/data" \
            --web.listen-address="127.0.0.1:$port" --web.enable-remote-write-receiver
        for _ in {1..200}; do
            if grep -q 'Server is ready to receive web requests' "$state/receiver.log"; then
                url="http://127.0.0.1:$port"
                say "Prometheus is ready at $url"
                return 0
            fi
            runs receiver || break
            sleep 0.1
        done
        echo "demo: Prometheus does not start (attempt $attempt): $(tail -n 1 "$state/receiver.log")" >&2
        end receiver
    done
    return 1
}

start_job() {
    local generate
    say "$vehicles vehicles, $rate events a second, $minutes minutes"
    # One of 20 comes late by some seconds, one of 100 by minutes, one of 100 twice, one of 500 is no JSON, one of 1000 has
    # a wrong place.
    generate=("$state/narthex" generate --kind vehicles --devices "$vehicles" --rate "$rate"
        --count $((rate * 60 * minutes)) --positions
        --out-of-order 0.05 --late 0.01 --duplicate 0.01 --malformed 0.002 --gps-jump 0.001)
    if [[ "$engine" == narthex ]]; then
        mkfifo "$state/events"
        start generator "${generate[@]}" --output "$state/events"
        EVENTS="$state/events" MODELS="$repo/demo/models.json" RECEIVER="$url" start job \
            "$state/narthex" run "$repo/demo/vehicles.sql" --listen 0 --sd-file "$state/targets/demo.json" \
            --dead-letters "$state/lost.ndjson" --ledger "$state/ledger.json"
    else
        # Flink reads a file when it appears, whole: one for each second.
        mkdir "$state/events" "$state/flink"
        # shellcheck disable=SC2016 # the inner shell expands these
        start generator bash -c 'lines="$1" folder="$2"; shift 2
            "$@" | split -l "$lines" -a 6 --filter "cat >\"$folder/.\$FILE\"; mv \"$folder/.\$FILE\" \"$folder/\$FILE\"" - ""' \
            - "$rate" "$state/events" "${generate[@]}"
        start job "$repo/scripts/demo_flink.py" "$state/flink" "$state/events" "$url"
    fi
    page="$(listening job)"
    echo "$page" >"$state/page"
    if [[ "$engine" == narthex ]]; then metrics="$page"; else metrics="$(sed -n 's/^metrics at //p' "$state/job.log")"; fi
    echo "$metrics" >"$state/metrics"
    echo "$url" >"$state/url"
    echo "$kind" >"$state/kind"
    say "the job's page is $page"
}

# Prints where a process listens, once it has said so.
listening() {
    local found
    for _ in {1..3000}; do
        found="$(sed -n 's,^listening on \(http://[^ ]*\).*,\1,p' "$state/$1.log")"
        if [[ -n "$found" ]]; then
            echo "$found"
            return 0
        fi
        runs "$1" || break
        sleep 0.1
    done
    echo "demo: $1 does not start: $(tail -n 1 "$state/$1.log")" >&2
    return 1
}

# The first windows end when the watermark has passed them; late events hold it back.
wait_for_fleet() {
    local attempt
    for attempt in {1..60}; do
        if ! runs job; then
            echo "demo: the job has ended: $(tail -n 1 "$state/job.log")" >&2
            return 1
        fi
        if "$state/demo_check" running "$kind" "$url" "$metrics" >"$state/contrast" \
            && awk '/^the fleet/ { exit !($7 > 0 && $8 > 0) }' "$state/contrast"; then
            say "figures of the fleet are stored"
            return 0
        fi
    done
    echo "demo: nothing of the fleet is stored after $attempt looks" >&2
    return 1
}

tell() {
    printf '\nThe same events, as samples of each vehicle and as figures of the fleet:\n\n%s\n\n' "$(cat "$state/contrast")"
    printf '  the job, moving     %s\n' "$page"
    if [[ "$kind" == prometheus ]]; then
        printf '  what is stored      %s/graph?g0.expr=fleet_vehicles_moving&g0.tab=0&g0.range_input=10m\n' "$url"
        printf '  alerts              %s/alerts\n' "$url"
    fi
    if [[ "$engine" == narthex ]]; then printf '  what was lost       %s\n' "$state/lost.ndjson"; fi
    printf '\n%s\n' "make demo-contrast prints the table again."
    printf '%s\n' "It ends by itself after $minutes minutes; make demo-down ends it now and removes everything."
}

contrast() {
    if ! runs job; then
        echo "demo: no job runs; \`make demo\` starts one" >&2
        exit 1
    fi
    "$state/demo_check" running "$(cat "$state/kind")" "$(cat "$state/url")" "$(cat "$state/metrics")"
}

# The generator first: the job ends with its input, writes its last windows and tells its ledger.
down() {
    local name left=()
    if [[ ! -d "$state" ]]; then
        echo "demo: nothing runs"
        return 0
    fi
    for name in generator job receiver; do
        if runs "$name"; then
            end "$name"
            say "ended $name"
        fi
    done
    for name in generator job receiver; do
        if runs "$name"; then left+=("$name"); fi
    done
    if ((${#left[@]} > 0)); then
        echo "demo: still there: ${left[*]}; see $state" >&2
        return 1
    fi
    if [[ -s "$state/ledger.json" ]]; then
        echo "demo: what became of all samples: $(sed 's/,"sources".*/}/' "$state/ledger.json")"
    fi
    rm -rf "$state"
    say "nothing is left: no process, no file"
}

# Ends a process and its session; who does not listen within 20 seconds is killed.
end() {
    local id
    read -r id _ <"$state/$1.id"
    runs "$1" || return 0
    # The session too: a generator may be a pipeline.
    kill -s TERM "$id" 2>/dev/null || true
    if [[ "$1" == generator ]]; then kill -s TERM -- "-$id" 2>/dev/null || true; fi
    for _ in {1..200}; do
        runs "$1" || return 0
        sleep 0.1
    done
    kill -s KILL -- "-$id" 2>/dev/null || kill -s KILL "$id" 2>/dev/null || true
    for _ in {1..50}; do
        runs "$1" || return 0
        sleep 0.1
    done
}

main "$@"
