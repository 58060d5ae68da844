#!/usr/bin/env bash
# Gets ready what `make demo` or `make test` needs: skips what is there, names what it cannot install.
#
# usage: scripts/setup.sh [demo|monitoring|test]    (default: test)
#   demo   Rust and a C compiler (required), Prometheus 2.x (optional: the built-in receiver serves without)
#   monitoring   also Python 3 and an Alertmanager
#   test   also Go, pip, JDK 17 and Maven, Prometheus 3.x, promtool, Chromium, cargo-deny, the libraries of Flink 2.2
# Exit 0: everything required is there; 1: something required is missing. What is optional and missing is
# printed as a line `SKIPPED: <what>: <why>`.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

missing=0

main() {
    case "${1:-test}" in
        demo) need_rust; need_c_compiler; want install_prometheus_2 ;;
        test)
            need_rust; need_c_compiler; need_python; need_java
            want install_prometheus_2; want install_prometheus_3; want install_alertmanager; want install_pushgateway
            want install_browser; want install_schemas; want install_cargo_deny; want install_flink
            ;;
        monitoring) need_rust; need_c_compiler; need_python; want install_prometheus_2; want install_alertmanager ;;
        -h | --help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" ;;
        *) echo "setup: unknown argument \"$1\"; expected demo, monitoring or test" >&2; exit 64 ;;
    esac
    if ((missing > 0)); then
        echo "setup: $missing required part(s) missing, see above" >&2
        exit 1
    fi
}

have() { printf 'setup: %-14s %s\n' "$1" "$2"; }
skip() { printf 'SKIPPED: %s: %s\n' "$1" "$2" >&2; }
lacks() { printf 'MISSING: %s: %s\n' "$1" "$2" >&2; missing=$((missing + 1)); }

# A folder on the cache's own file system, so that what is moved into place is there whole or not at all.
scratch_folder() { mkdir -p "$cache" && mktemp -d "$cache/setup.XXXXXX"; }

# Runs one optional installer. Its exit code says whether the part is there; it says itself what was in the way.
want() {
    local began=$SECONDS
    if "$1" && ((SECONDS - began > 5)); then
        echo "setup: ${1#install_} took $((SECONDS - began)) s"
    fi
}

need_rust() {
    if ! type -P cargo >/dev/null; then
        lacks "Rust $rust_version" "cargo is not on PATH; install it with rustup (https://rustup.rs)"
    elif ! choose_toolchain; then
        lacks "Rust $rust_version" "rustup cannot provide the version in rust-toolchain.toml; try: rustup toolchain install $rust_version"
    elif ! rustc --version | grep -q "^rustc ${rust_version//./\\.}\."; then
        lacks "Rust $rust_version" "found $(rustc --version); install rustup, or put $rust_version on PATH"
    else
        have rust "$(rustc --version)"
    fi
}

need_c_compiler() {
    local found
    found="$(c_compiler)" || apt_install gcc libc6-dev || true
    if found="$(c_compiler)"; then
        have "c compiler" "$found"
    else
        lacks "C compiler" "no cc, gcc or clang on PATH (Debian: apt-get install gcc libc6-dev)"
    fi
}

c_compiler() { type -P cc || type -P gcc || type -P clang; }

need_python() {
    if ! type -P python3 >/dev/null || ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
        apt_install python3 python3-pip python3-venv || true
    fi
    if type -P python3 >/dev/null && python3 -c 'import venv, ensurepip' 2>/dev/null; then
        have python "$(python3 --version)"
    else
        skip "SigV4 oracle" "no python3 with pip and venv (Debian: apt-get install python3-pip python3-venv)"
    fi
}

need_java() {
    if ! has_java_17 || ! type -P mvn >/dev/null; then
        apt_install openjdk-17-jdk-headless maven || true
    fi
    if ! has_java_17; then
        lacks "JDK 17" "no javac of version 17 or later on PATH (Debian: apt-get install openjdk-17-jdk-headless)"
    elif ! type -P mvn >/dev/null; then
        lacks Maven "mvn is not on PATH (Debian: apt-get install maven)"
    else
        have java "$(javac -version 2>&1), $(mvn -v 2>/dev/null | sed -n '1s/.*\(Apache Maven [0-9.]*\).*/\1/p')"
    fi
}

has_java_17() {
    local version
    version="$(javac -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')"
    [[ -n "$version" ]] && ((version >= 17))
}

# Installs Debian packages where this user may.
apt_install() {
    [[ "$(id -u)" == 0 ]] && type -P apt-get >/dev/null || return 1
    apt_lists || return 1
    echo "setup: apt-get install $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null
}

# Refreshes the package lists when they know nothing of `prometheus` (a new machine has none).
apt_lists() {
    apt-cache show prometheus >/dev/null 2>&1 && return 0
    [[ "$(id -u)" == 0 ]] && apt-get update -q >/dev/null
}

# The binary is taken out of Debian's package instead of installing that: it needs nothing but libc, unpacking
# needs no root, and an installed package would start a daemon on port 9090.
install_prometheus_2() {
    local found why scratch
    if found="$(find_prometheus_2)" && find_promtool >/dev/null; then
        have "prometheus 2" "$found ($("$found" --version 2>&1 | awk 'NR == 1 {print $3}'))"
        return 0
    fi
    if ! type -P apt-get >/dev/null || ! type -P dpkg-deb >/dev/null; then
        skip "Prometheus 2.x" "not on PATH, and this is no Debian-like machine to take it from; install Prometheus 2.42"
        return 1
    fi
    scratch="$(scratch_folder)"
    why="$({ apt_lists && cd "$scratch" && apt-get download -q prometheus && dpkg-deb -x prometheus_*.deb unpacked; } 2>&1)" || {
        rm -rf "$scratch"
        skip "Prometheus 2.x" "cannot download Debian's package (as root, run apt-get update first): $(tail -n 1 <<<"$why")"
        return 1
    }
    mkdir -p "$(dirname "$prometheus_2_cached")"
    mv "$scratch/unpacked/usr/bin/prometheus" "$prometheus_2_cached"
    mv "$scratch/unpacked/usr/bin/promtool" "$promtool_cached"
    rm -rf "$scratch"
    if ! found="$(find_prometheus_2)"; then
        skip "Prometheus 2.x" "Debian's package holds $("$prometheus_2_cached" --version 2>&1 | head -n 1)"
        return 1
    fi
    have "prometheus 2" "$found ($("$found" --version 2>&1 | awk 'NR == 1 {print $3}'), from Debian's package)"
}

# Unpacks a file or folder of one of Debian's packages to a place of the cache.
from_package() {
    local package="$1" inside="$2" to="$3" scratch why
    if ! type -P apt-get >/dev/null || ! type -P dpkg-deb >/dev/null; then
        skip "$package" "not on PATH, and this is no Debian-like machine to take it from"
        return 1
    fi
    scratch="$(scratch_folder)"
    why="$({ apt_lists && cd "$scratch" && apt-get download -q "$package" && dpkg-deb -x "$package"_*.deb unpacked; } 2>&1)" || {
        rm -rf "$scratch"
        skip "$package" "cannot download Debian's package (as root, run apt-get update first): $(tail -n 1 <<<"$why")"
        return 1
    }
    mkdir -p "$(dirname "$to")"
    rm -rf "$to"
    mv "$scratch/unpacked$inside" "$to"
    rm -rf "$scratch"
}

install_pushgateway() {
    local found
    find_pushgateway >/dev/null \
        || from_package prometheus-pushgateway /usr/bin/prometheus-pushgateway "$pushgateway_cached" || return 1
    found="$(find_pushgateway)"
    have pushgateway "$found ($("$found" --version 2>&1 | awk 'NR == 1 {print $3}'))"
}

# An environment with the packages of a requirements file, for those who import them; says for what it is, if it cannot.
python_packages() {
    local what="$1" venv="$2" imports="$3" requirements="$4" why
    "$venv/bin/python" -c "import $imports" 2>/dev/null && return 0
    why="$({ python3 -m venv "$venv" && "$venv/bin/pip" install --quiet -r "$requirements"; } 2>&1)" || {
        skip "$what" "pip cannot install ${imports//,/, }: $(tail -n 1 <<<"$why")"
        return 1
    }
}

# Chromium with its driver, and what drives it, in a venv of its own.
install_browser() {
    local driver=""
    if ! find_chromium >/dev/null || ! type -P chromedriver >/dev/null; then
        apt_install chromium chromium-driver || true
    fi
    if ! find_chromium >/dev/null || ! driver="$(type -P chromedriver)"; then
        skip "browser" "no chromium with chromedriver on PATH (Debian: apt-get install chromium chromium-driver)"
        return 1
    fi
    python_packages browser "$cache/venv-page" selenium "$repo/tests/page/requirements.txt" || return 1
    have browser "$(find_chromium) ($("$driver" --version 2>&1 | awk '{print $2}'))"
}

# What tells whether the examples of deploy/ are what systemd, Kubernetes and Compose read.
install_schemas() {
    local venv="$cache/venv-deploy"
    type -P systemd-analyze >/dev/null || apt_install systemd || true
    if ! type -P systemd-analyze >/dev/null; then
        skip "deployment examples" "no systemd-analyze on PATH (Debian: apt-get install systemd)"
        return 1
    fi
    python_packages "deployment examples" "$venv" compose_spec,kubernetes_validate,yaml \
        "$repo/tests/deploy/requirements.txt" || return 1
    have schemas "$venv"
}

# Debian's build wants its templates where the package has them.
install_alertmanager() {
    local found templates
    templates="$(dirname "$alertmanager_cached")/templates"
    if ! find_alertmanager >/dev/null; then
        [[ -x "$alertmanager_cached" ]] \
            || from_package prometheus-alertmanager /usr/bin/prometheus-alertmanager "$alertmanager_cached" || return 1
        [[ -d "$templates" ]] || from_package prometheus-alertmanager "$alertmanager_templates" "$templates" || return 1
        if ! { mkdir -p "$alertmanager_templates" && cp "$templates"/*.tmpl "$alertmanager_templates/"; } 2>/dev/null; then
            skip alertmanager "its templates cannot be put into $alertmanager_templates; run this as root, once"
            return 1
        fi
    fi
    found="$(find_alertmanager)"
    have alertmanager "$found ($("$found" --version 2>&1 | awk 'NR == 1 {print $3}'))"
}

# Built from the pinned Go module; the web interface's assets are not part of the module, the API is whole.
install_prometheus_3() {
    local folder scratch
    folder="$(dirname "$prometheus_3_cached")"
    if [[ ! -x "$prometheus_3_cached" ]]; then
        if ! type -P go >/dev/null; then
            skip "Prometheus 3.x" "go is not on PATH; install Go $(prometheus_3_go) or newer"
            return 1
        fi
        echo "setup: building Prometheus $(prometheus_3_version) from its Go module, once (3 minutes on two cores)"
        scratch="$(scratch_folder)"
        if ! build_prometheus_3 "$scratch/prometheus" >"$scratch/log" 2>&1; then
            skip "Prometheus 3.x" "cannot build it: $(tail -n 3 "$scratch/log" | tr '\n' ' ')"
            rm -rf "$scratch"
            return 1
        fi
        mkdir -p "$folder"
        mv "$scratch/prometheus" "$prometheus_3_cached"
        rm -rf "$scratch"
    fi
    # A plain `cargo test` finds it here, without this script's environment.
    ln -sfn "$prometheus_3_key" "$cache/prometheus-3/current"
    have "prometheus 3" "$prometheus_3_cached ($("$prometheus_3_cached" --version 2>&1 | awk 'NR == 1 {print $3}'))"
}

# The module's v0.315.0 is the release 3.15.0.
prometheus_3_version() {
    sed -n 's,.*github.com/prometheus/prometheus v0\.\([0-9]\)\([0-9]*\)\.\([0-9]*\).*,\1.\2.\3,p' "$prometheus_3_module/go.mod" | head -n 1
}

prometheus_3_go() { awk '$1 == "go" {print $2}' "$prometheus_3_module/go.mod"; }

# Go may fetch a newer toolchain for itself only when the installed one is too old for the module.
build_prometheus_3() {
    local have_go
    have_go="$(cd / && GOTOOLCHAIN=local go env GOVERSION)"
    if [[ "$(printf '%s\n' "$(prometheus_3_go)" "${have_go#go}" | sort -V | head -n 1)" == "$(prometheus_3_go)" ]]; then
        export GOTOOLCHAIN=local
    fi
    cd "$prometheus_3_module" && CGO_ENABLED=0 GOFLAGS="" go build -mod=readonly -trimpath -buildvcs=false \
        -tags "$prometheus_3_tags" \
        -ldflags "-s -w -X github.com/prometheus/common/version.Version=$(prometheus_3_version)" \
        -o "$1" github.com/prometheus/prometheus/cmd/prometheus
}

# A release build without the link-time optimisation of its own profile: minutes less, for a tool that runs seconds.
install_cargo_deny() {
    local found scratch
    if ! found="$(find_cargo_deny)"; then
        type -P cargo >/dev/null || { skip cargo-deny "needs cargo"; return 1; }
        echo "setup: building cargo-deny $cargo_deny_version, once (some minutes)"
        scratch="$(scratch_folder)"
        if ! CARGO_TARGET_DIR="$scratch/target" cargo install cargo-deny --version "$cargo_deny_version" --locked \
            --quiet --root "$tools" --config profile.release.lto=false --config profile.release.opt-level=1 \
            --config profile.release.codegen-units=16 >"$scratch/log" 2>&1; then
            skip cargo-deny "cannot build it: $(tail -n 3 "$scratch/log" | tr '\n' ' ')"
            rm -rf "$scratch"
            return 1
        fi
        rm -rf "$scratch"
        found="$(find_cargo_deny)"
    fi
    have cargo-deny "$found ($("$found" --version))"
}

# What the two engines' tests run on; it brings itself into the cache.
install_flink() {
    local home
    if ! home="$(cd "$repo/tests/flink" && python3 -c \
        'import cluster, contextlib, sys
with contextlib.redirect_stdout(sys.stderr): home = cluster.fetch_flink("2.2")
print(home)')"; then
        skip "Flink 2.2" "cannot download its libraries from PyPI, or Maven cannot add to them; see above"
        return 1
    fi
    have "flink 2.2" "$home"
}

main "$@"
