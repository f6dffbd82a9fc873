# SPDX-License-Identifier: Apache-2.0
# Shared by the ci/ scripts: where things are, installing what is missing, building, counting.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BMSRIG_BUILD_DIR:-$ROOT/build}
JOBS=$(nproc)
export ROOT BUILD JOBS
cd "$ROOT"

say() { printf '\n== %s\n' "$*"; }

# Packages by what they are for (Debian 12 names).
# shellcheck disable=SC2034
PACKAGES_BUILD="gcc libc6-dev cmake ninja-build pkg-config libuv1-dev libmosquitto-dev libssl-dev libcjson-dev libsocketcan-dev libcunit1-dev libsystemd-dev"
# shellcheck disable=SC2034
PACKAGES_RUN="mosquitto dbus"
# shellcheck disable=SC2034
PACKAGES_TEST="patch mosquitto-clients can-utils python3-can python3-serial python3-bleak bluez socat openssl mbpoll python3-pymodbus python3-serial-asyncio libmodbus-dev"
# shellcheck disable=SC2034
PACKAGES_CLANG="clang libclang-rt-14-dev"
# shellcheck disable=SC2034
PACKAGES_LINT="clang-format clang-tidy cppcheck shellcheck"

# The programs, without the tests.
# shellcheck disable=SC2034
PROGRAMS="bmsrig bms-bridge bms-sim bmsrig_preload"

# need_packages NAME...: installs what is not there. Works without network when nothing is missing.
need_packages() {
    local missing=() package sudo=()
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null; then sudo=(sudo); else
            echo "missing packages; as root: apt-get install --no-install-recommends ${missing[*]}" >&2
            exit 4
        fi
    fi
    say "installing ${missing[*]}"
    # no recommends: the broker's service is not wanted, each test starts its own
    if ! quietly "$BUILD/apt.log" "${sudo[@]}" apt-get update ||
        ! quietly "$BUILD/apt.log" "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends "${missing[@]}"; then
        echo "cannot install ${missing[*]}: is there a network? (log: $BUILD/apt.log)" >&2
        exit 4
    fi
}

# quietly LOG COMMAND...: output goes to LOG. Its last line is shown every ten seconds (every second
# on a terminal) so that nobody wonders, and the end of LOG when the command fails.
quietly() {
    local log=$1 code=0 began=$SECONDS spoke=$SECONDS
    shift
    "$@" >"$log" 2>&1 </dev/null &
    local pid=$!
    # shellcheck disable=SC2064
    trap "kill $pid 2>/dev/null; exit 130" INT TERM
    while kill -0 $pid 2>/dev/null; do
        if [ -t 1 ]; then
            printf '\r\033[K   %3d s  %.100s' $((SECONDS - began)) "$(tail -n 1 "$log" | tr -d '\r')"
        elif [ $((SECONDS - spoke)) -ge 10 ]; then
            printf '   %3d s  %.100s\n' $((SECONDS - began)) "$(tail -n 1 "$log" | tr -d '\r')"
            spoke=$SECONDS
        fi
        sleep 0.5
    done
    wait $pid || code=$?
    trap - INT TERM
    if [ -t 1 ]; then printf '\r\033[K'; fi
    [ $code -eq 0 ] || grep -v '^\[[0-9]*/[0-9]*\]' "$log" | tail -n 60 # without ninja's count of steps
    return $code
}

# build PRESET [TARGET...]: in $BUILD/PRESET. ci/test sets BMSRIG_WERROR=ON for every build.
build() {
    local preset=$1 werror=()
    shift
    [ -z "${BMSRIG_WERROR:-}" ] || werror=("-DBMSRIG_WERROR=$BMSRIG_WERROR")
    quietly "$BUILD/cmake-$preset.log" cmake --preset "$preset" -B "$BUILD/$preset" "${werror[@]}" || return 4
    quietly "$BUILD/ninja-$preset.log" ninja -C "$BUILD/$preset" "$@" || return 4
}

# project_files PATTERN...: the project's own files, also where git or the history is missing.
project_files() {
    if git -C "$ROOT" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files -- "$@" | while read -r file; do [ ! -e "$file" ] || echo "$file"; done
    else
        local pattern args=()
        for pattern in "$@"; do args+=(-o -path "./$pattern"); done
        find . \( -path ./build -o -path './build-*' -o -path ./report -o -path ./.git \) -prune -o \
            -type f \( "${args[@]:1}" \) -print | sed 's|^\./||' | sort
    fi
}

# junit_counts FILE...: prints "tests failures skipped"
junit_counts() {
    cat /dev/null "$@" 2>/dev/null | grep -o '<testsuite [^>]*>' | awk '
        function attr(name,   m) { m = $0; if (!sub(".* " name "=\"", "", m)) return 0; sub("\".*", "", m); return m + 0 }
        { t += attr("tests"); f += attr("failures") + attr("errors"); s += attr("skipped") }
        END { print t + 0, f + 0, s + 0 }'
}
mkdir -p "$BUILD"
