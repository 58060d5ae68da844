#!/usr/bin/env bash
# Checks what the crates may depend on (ARCHITECTURE.md): arrows between them, heavy crates kept out, no unsafe.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
choose_toolchain

faults=0
fault() { printf 'deps: %s\n' "$*" >&2; faults=$((faults + 1)); }

# Prints the names of all packages in a crate's tree, itself included. Further arguments go to cargo tree.
tree() {
    local package="$1"
    shift
    cargo tree --quiet -p "$package" -e normal,build --prefix none --format '{p}' "$@" | awk '{print $1}' | sort -u
}

# The crate's direct dependencies within the workspace must be among those listed.
arrows() {
    local package="$1" allowed=" $2 " other
    for other in $(tree "$package" --depth 1 --all-features | grep '^narthex-' | grep -vx "$package"); do
        [[ "$allowed" == *" $other "* ]] || fault "$package depends on $other; allowed:$allowed"
    done
}

# The crate's whole tree holds none of the packages that match the extended regular expression.
without() {
    local package="$1" pattern="$2" why="$3" found
    shift 3
    found="$(tree "$package" "$@" | grep -Ex "$pattern" | tr '\n' ' ' || true)"
    [[ -z "$found" ]] || fault "$package pulls $found($why)"
}

arrows narthex-model ""
arrows narthex-protocol "narthex-model"
arrows narthex-client "narthex-model narthex-protocol"
arrows narthex-sink "narthex-client narthex-model narthex-protocol"
arrows narthex-signer-amp "narthex-client narthex-model"
arrows narthex-receiver "narthex-model narthex-protocol"
arrows narthex-jni "narthex-sink"
arrows narthex-sql ""
arrows narthex-planner "narthex-model narthex-sql"
arrows narthex-engine "narthex-model narthex-planner"
arrows narthex-connectors "narthex-engine narthex-model narthex-planner narthex-sink narthex-sql"
arrows narthex "narthex-client narthex-connectors narthex-engine narthex-model narthex-planner narthex-protocol \
narthex-receiver narthex-signer-amp narthex-sink narthex-sql"

without narthex-model 'tokio|reqwest|hyper|tracing' "it does no I/O, no async, no logging" --all-features
without narthex-protocol 'tokio|reqwest|hyper|tracing' "it does no I/O, no async, no logging" --all-features
without narthex-client 'reqwest|hyper|hyper-.*|rustls|rustls-.*|tokio-rustls|native-tls|openssl.*' \
    "HTTP and TLS come with its feature http alone" --no-default-features
without narthex-sink 'datafusion.*|aws-config|aws-sdk-.*|aws-sigv4|aws-lc.*' \
    "who wants the sink must not compile these" --all-features
without narthex-sql 'datafusion.*|arrow.*|tokio|tracing' "it reads text: no plans, no I/O, no async" --all-features
without narthex-connectors 'datafusion|datafusion-(sql|optimizer|functions.*nested|catalog|execution)|parquet|aws-.*' \
    "of DataFusion only what evaluates expressions: the rest costs a quarter of an hour of building" --all-features
without narthex-jni 'datafusion.*|aws-config|aws-sdk-.*|aws-sigv4|aws-lc.*|.*mimalloc.*|.*jemalloc.*' \
    "it lives in somebody else's JVM: the sink alone, and the process's allocator"

for manifest in crates/*/Cargo.toml; do
    crate="$(basename "$(dirname "$manifest")")"
    package="$(sed -n 's/^name = "\(.*\)"/\1/p' "$manifest" | head -n 1)"
    if [[ "$crate" != testkit ]] && tree "$package" --all-features | grep -qx narthex-testkit; then
        fault "$package depends on narthex-testkit outside its tests"
    fi
    # The workspace's lints forbid unsafe code; forbidden is stronger than denied, nothing below can allow it.
    # JNI is made of raw pointers: that crate repeats the other lints.
    if [[ "$crate" == jni ]]; then
        while IFS= read -r lint; do
            grep -qFx "$lint" "$manifest" || fault "$manifest lacks the workspace's lint $lint"
        done < <(sed -n '/^\[workspace\.lints/,/^\[profile/p' Cargo.toml | grep '=' | grep -v '^#\|^unsafe_code')
        continue
    fi
    if [[ "$(sed -n '/^\[lints\]/,/^\[/p' "$manifest" | tr -d ' ')" != *"workspace=true"* ]]; then
        fault "$manifest does not take the workspace's lints"
    fi
done
grep -q '^unsafe_code = "forbid"' Cargo.toml || fault "Cargo.toml no longer forbids unsafe code"
if grep -q '^panic *= *"abort"' Cargo.toml; then
    fault "Cargo.toml aborts on a panic: inside a JVM that ends every job on the machine"
fi

if ((faults > 0)); then
    echo "deps: $faults fault(s)" >&2
    exit 1
fi
echo "deps: arrows, heavy crates and lints are as they should be"
