#!/bin/sh
# Runs everything that must hold, four processes of tests side by side: those of training, which compute, those of faults, which mostly
# wait, those of the plugin, and all others; lint and the audit of packages come first, while training computes already.
# usage: scripts/tests.sh [options of pytest]
set -u
cd "$(dirname "$0")/.."
logs=.local/log
mkdir -p $logs
unset DJANGO_SETTINGS_MODULE || true
# Four processes share the cores: NumPy's threads, which wait for each other by spinning, would take them from the others.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
background=

# begin NICENESS FOLDER [options]: the tests of a folder in the background, with a log of their own
begin() {
    niceness=$1 folder=$2
    shift 2
    nice -n "$niceness" .venv/bin/python -m pytest "tests/$folder" "$@" >"$logs/$folder-tests.log" 2>&1 &
    background="$background $folder:$!"
}

stop() {
    for one in $background; do
        kill "${one#*:}" 2>/dev/null
    done
    exit 1
}
trap stop INT TERM

# Training yields a little, so that tests that measure time see a machine that answers, and is not what all wait for in the end.
begin 2 training "$@"

make --no-print-directory lint || stop
.venv/bin/python scripts/audit.py || [ $? -eq 2 ] || stop # 2: the advisory service cannot be asked from here
scripts/chromium.sh || stop
scripts/pgbouncer.sh || stop

begin 2 faults "$@"
begin 1 search "$@"
.venv/bin/python -m pytest --ignore tests/training --ignore tests/faults --ignore tests/search "$@"
failed=$?
for one in $background; do
    folder=${one%:*}
    echo "Waiting for the tests of $folder (log: $logs/$folder-tests.log)."
    wait "${one#*:}" || failed=1
    cat "$logs/$folder-tests.log"
done
[ $failed -eq 0 ]
