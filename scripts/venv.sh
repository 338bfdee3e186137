#!/bin/sh
# Makes a virtual environment, .venv or another, with a fitting Python and installs one requirements file into it, if the pins have changed since.
# usage: scripts/venv.sh requirements.txt [.venv]
set -eu
export PATH="${PATH:-/usr/local/bin:/usr/bin:/bin}"  # an empty environment has none, and Python looks itself up there
cd "$(dirname "$0")/.."
requirements=$1
venv=${2:-.venv}
log=.local/log/pip.log
stamp=$venv/installed-$(echo "$requirements" | tr / -)
fits='import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'

fail() {
    echo "$1" >&2
    exit 1
}

mkdir -p .local/log || fail "Cannot write into $(pwd)."

version() {
    "$1" -c 'import sys; print(sys.version_info[:2])' 2>/dev/null || true
}

if ! "$venv/bin/python" -c "$fits" 2>/dev/null || [ "$(version "${PYTHON:-$venv/bin/python}")" != "$(version "$venv/bin/python")" ]; then
    python=
    for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
        if "$candidate" -c "$fits" 2>/dev/null; then
            python=$candidate
            break
        fi
    done
    [ -n "$python" ] || fail "Python 3.11, 3.12 or 3.13 with its venv module is needed; ${PYTHON:-python3} is $("${PYTHON:-python3}" -V 2>&1 || true). \
Install one, or name it: make PYTHON=/path/to/python3.11 ..."
    rm -rf "$venv"
    "$python" -m venv "$venv" >"$log" 2>&1 || {
        rm -rf "$venv"
        fail "Python could not make $venv: $(tail -n 1 "$log")"
    }
fi

lists="requirements.txt training/requirements.txt training/requirements-bert.txt requirements-dev.txt requirements-load.txt"
[ "$venv" = .venv ] || lists="requirements.txt $requirements"
pins=$(cat $lists | cksum)  # unquoted: one word per file
[ "$(cat "$stamp" 2>/dev/null || true)" = "$pins" ] && exit 0

free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
needed=1500
[ "$requirements" = requirements.txt ] || needed=4000
[ "$requirements" != requirements-docs.txt ] || needed=300
[ "$free" -ge "$needed" ] || fail "Not enough disk space in $(pwd): $free MB free, $needed MB needed."

# Python compiles what is imported when it is imported first; most of what is installed never is.
install() {
    "$venv/bin/python" -m pip install --disable-pip-version-check --no-compile --retries 2 --timeout 20 "$@" >>"$log" 2>&1
}

echo "Installing $requirements (log: $log)"
: >"$log"
{
    install -r "$requirements" &&
        { [ "$requirements" != requirements-dev.txt ] || install --no-deps -r training/requirements-bert.txt; }
} || {
    if grep -qi "no space left" "$log"; then
        fail "The disk is full: pip could not install $requirements."
    elif grep -qE "NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|Connection (refused|broken)" "$log"; then
        fail "pip reaches no package index: connect this machine to the network (log: $log)."
    fi
    fail "pip could not install $requirements: $(grep -m 1 '^ERROR' "$log" || tail -n 1 "$log") (log: $log)"
}
echo "$pins" >"$stamp"
