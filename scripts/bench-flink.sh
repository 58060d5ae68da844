#!/usr/bin/env bash
# Measures the connector inside Flink 1.20 and 2.2 and prints the tables of docs/benchmarks.md.
#
# usage: scripts/bench-flink.sh [--short]    (--short: one small round, to see that all of it works)
# Rounds are set by NARTHEX_BENCH_ROUNDS (3). The yardstick on 1.20 is the Apache connector: the jar that
# NARTHEX_APACHE_CONNECTOR_JAR names, else the release from Maven's repositories, else built into the cache from its
# public source, the tag v1.0.0 of https://github.com/apache/flink-connector-prometheus (another place to clone it from:
# NARTHEX_APACHE_CONNECTOR_GIT). Nothing of it is in this repository. Without it the rest is measured.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
choose_toolchain

apache="$cache/apache-connector"
apache_version=1.0.0
module="$repo/java/narthex-flink-bench"
rounds="${NARTHEX_BENCH_ROUNDS:-3}" scale=1
if [[ "${1:-}" == --short ]]; then
    rounds=1 scale=0.1
fi

main() {
    cd "$repo"
    cargo build --quiet --release -p narthex-bench
    scripts/native.sh >/dev/null
    build 1.20 bench,apache-connector
    local sides=(narthex kryo)
    if find_apache_connector; then
        compile_yardstick
        sides+=(apache)
    else
        echo "SKIPPED: the Apache connector: no jar, no release and no source of it is to be had; no yardstick" >&2
    fi
    head_lines
    run 1.20 "${sides[@]}"
    build 2.2 bench
    run 2.2 narthex kryo
    printf '\nload of the machine now: %s\n' "$(cut -d ' ' -f 1-3 /proc/loadavg)"
}

head_lines() {
    printf 'commit %s%s\n' "$(git rev-parse --short HEAD)" "$(git diff --quiet HEAD || echo ' with changes')"
    printf '%s, %s cores; %s; %s; %s\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
        "$(uname -sr)" "$(rustc --version)" "$(java -version 2>&1 | sed -n 2p)"
    printf 'load of the machine before: %s\n' "$(cut -d ' ' -f 1-3 /proc/loadavg)"
}

# Builds the module for a line of Flink, with its class path in target/<line>/classpath.
build() {
    mvn -q -B -f java/pom.xml -Dflink.line="$1" -pl narthex-flink-bench -am "-P$2" -Dmaven.test.skip=true package </dev/null
}

# Sets apache_jar; fails when there is none to be had.
find_apache_connector() {
    if [[ -n "${NARTHEX_APACHE_CONNECTOR_JAR:-}" ]]; then
        apache_jar="$NARTHEX_APACHE_CONNECTOR_JAR"
        [[ -f "$apache_jar" ]] && return 0
        echo "bench-flink: NARTHEX_APACHE_CONNECTOR_JAR names no file: $apache_jar" >&2
        exit 64
    fi
    apache_jar="$apache/flink-connector-prometheus-$apache_version-1.20.jar"
    [[ -f "$apache_jar" ]] && return 0
    mkdir -p "$apache"
    download_apache_connector || build_apache_connector
}

download_apache_connector() {
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -DoutputDirectory="$apache" \
        -Dartifact="org.apache.flink:flink-connector-prometheus:$apache_version-1.20" >/dev/null 2>&1 </dev/null
}

build_apache_connector() {
    local from="${NARTHEX_APACHE_CONNECTOR_GIT:-https://github.com/apache/flink-connector-prometheus}" folder
    folder="$(mktemp -d "$apache/build.XXXXXX")"
    if git -c advice.detachedHead=false clone --quiet --depth 1 --branch "v$apache_version" "$from" "$folder/source" \
        && find "$folder/source/flink-connector-prometheus/src/main/java" -name '*.java' >"$folder/sources" \
        && javac -nowarn -proc:none --release 11 -cp "$(<"$module/target/1.20/classpath")" -d "$folder/classes" \
            "@$folder/sources" 2>"$folder/errors"; then
        jar --create --file "$folder/made.jar" -C "$folder/classes" .
        mv "$folder/made.jar" "$apache_jar"
    fi
    rm -rf "$folder"
    [[ -f "$apache_jar" ]]
}

# What of the benchmark needs the Apache connector.
compile_yardstick() {
    javac -proc:none --release 11 -d "$module/target/1.20/apache-classes" \
        -cp "$module/target/1.20/classes:$apache_jar:$(<"$module/target/1.20/classpath")" \
        "$module"/src/apache/java/io/narthex/flink/bench/*.java
}

run() {
    local line="$1" path
    shift
    path="$module/target/$line/classes:$(<"$module/target/$line/classpath")"
    if [[ " $* " == *" apache "* ]]; then
        path="$path:$module/target/$line/apache-classes:$apache_jar"
    fi
    java -cp "$path" io.narthex.flink.bench.Bench "$CARGO_TARGET_DIR/release/bench-sink" "$line" "$rounds" "$scale" "$@"
}

main "$@"
