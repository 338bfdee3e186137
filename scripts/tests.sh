#!/bin/sh
# Runs everything that must hold: tests of training, which compute, tests of faults, which mostly wait, and beside them lint, the audit
# of packages, and all other tests.
# usage: scripts/tests.sh [options of pytest]
set -u
cd "$(dirname "$0")/.."
logs=.local/log
mkdir -p $logs
unset DJANGO_SETTINGS_MODULE || true

# Training yields, so that tests that measure time see a machine that answers.
nice -n 5 .venv/bin/python -m pytest tests/training "$@" >$logs/training-tests.log 2>&1 &
training=$!
trap 'kill $training $faults 2>/dev/null' INT TERM
faults=

stop() {
    kill $training $faults 2>/dev/null
    exit 1
}

make --no-print-directory lint || stop
.venv/bin/python scripts/audit.py || [ $? -eq 2 ] || stop # 2: the advisory service cannot be asked from here
scripts/chromium.sh || stop

nice -n 2 .venv/bin/python -m pytest tests/faults "$@" >$logs/fault-tests.log 2>&1 &
faults=$!
.venv/bin/python -m pytest --ignore tests/training --ignore tests/faults "$@"
failed=$?
echo "Waiting for the tests of faults and of training (logs: $logs/fault-tests.log, $logs/training-tests.log)."
wait $faults || failed=1
cat $logs/fault-tests.log
wait $training || failed=1
cat $logs/training-tests.log
[ $failed -eq 0 ]
