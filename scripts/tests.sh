#!/bin/sh
# Runs all tests in three processes side by side: those of training, which compute, those of faults, which mostly wait, and all others.
# usage: scripts/tests.sh [options of pytest]
set -u
cd "$(dirname "$0")/.."
logs=.local/log
mkdir -p $logs
unset DJANGO_SETTINGS_MODULE || true

# Training yields, so that tests that measure time see a machine that answers.
nice -n 5 .venv/bin/python -m pytest tests/training "$@" >$logs/training-tests.log 2>&1 &
training=$!
nice -n 2 .venv/bin/python -m pytest tests/faults "$@" >$logs/fault-tests.log 2>&1 &
faults=$!
trap 'kill $training $faults 2>/dev/null' INT TERM

.venv/bin/python -m pytest --ignore tests/training --ignore tests/faults "$@"
failed=$?
echo "Waiting for the tests of faults and of training (logs: $logs/fault-tests.log, $logs/training-tests.log)."
wait $faults || failed=1
cat $logs/fault-tests.log
wait $training || failed=1
cat $logs/training-tests.log
[ $failed -eq 0 ]
