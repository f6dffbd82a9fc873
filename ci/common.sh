# SPDX-License-Identifier: Apache-2.0
# Shared by the ci/ scripts: where things are, installing what is missing, counting.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BMSRIG_BUILD_DIR:-$ROOT/build}
JOBS=$(nproc)
export ROOT BUILD JOBS
cd "$ROOT"

say() { printf '\n== %s\n' "$*"; }

# Packages by what they are for.
# shellcheck disable=SC2034
PACKAGES_BUILD="gcc libc6-dev cmake ninja-build pkg-config libuv1-dev libmosquitto-dev libcjson-dev libsocketcan-dev libcunit1-dev"
# shellcheck disable=SC2034
PACKAGES_RUN="mosquitto"
# shellcheck disable=SC2034
PACKAGES_TEST="mosquitto-clients can-utils python3-can python3-serial socat openssl"
# shellcheck disable=SC2034
PACKAGES_CLANG="clang libclang-rt-14-dev"
# shellcheck disable=SC2034
PACKAGES_LINT="clang-format clang-tidy cppcheck shellcheck"

# need_packages NAME...: installs what is not there. Works without network when nothing is missing.
need_packages() {
    local missing=() package sudo=""
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "missing packages: ${missing[*]}; install them as root: apt-get install ${missing[*]}" >&2
            exit 4
        }
        sudo=sudo
    fi
    say "installing ${missing[*]}"
    $sudo apt-get update -qq
    # no recommends: the broker's service is not wanted, each test starts its own
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# build PRESET [TARGET...]
build() {
    local preset=$1
    shift
    local dir=$BUILD/$preset
    cmake --preset "$preset" -B "$dir" >"$BUILD/cmake-$preset.log" 2>&1 || {
        cat "$BUILD/cmake-$preset.log"
        exit 4
    }
    ninja -C "$dir" --quiet "$@"
}
mkdir -p "$BUILD"

# junit_counts FILE...: prints "tests failures skipped"
junit_counts() {
    cat /dev/null "$@" 2>/dev/null | grep -o '<testsuite [^>]*>' | awk '
        function attr(name,   m) { m = $0; if (!sub(".* " name "=\"", "", m)) return 0; sub("\".*", "", m); return m + 0 }
        { t += attr("tests"); f += attr("failures") + attr("errors"); s += attr("skipped") }
        END { print t + 0, f + 0, s + 0 }'
}
