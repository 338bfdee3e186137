#!/bin/sh
# Runs all tests in two processes side by side: those of training, which compute, and all others, which mostly wait.
# usage: scripts/tests.sh [options of pytest]
set -u
cd "$(dirname "$0")/.."
log=.local/log/training-tests.log
mkdir -p .local/log
unset DJANGO_SETTINGS_MODULE || true

# Training yields, so that tests that measure time see a machine that answers.
nice -n 5 .venv/bin/python -m pytest tests/training "$@" >"$log" 2>&1 &
training=$!
trap 'kill $training 2>/dev/null' INT TERM

.venv/bin/python -m pytest --ignore tests/training "$@"
status=$?
echo "Waiting for the tests of training (log: $log)."
wait $training
training_status=$?
cat "$log"
[ $status -eq 0 ] && [ $training_status -eq 0 ]
