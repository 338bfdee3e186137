#!/bin/sh
# Runs tests in processes of their own, side by side, each with the servers and the browser that its tests need.
# usage: scripts/tests.sh check|test|all [options of pytest]
#   check   lint, and the tests that need no server
#   test    lint, the audit of packages, and all tests but the long ones
#   all     the long ones, too, and more examples of each kind of data
set -u
cd "$(dirname "$0")/.."
logs=.local/log
mkdir -p $logs
unset DJANGO_SETTINGS_MODULE || true
# The processes share the cores, which threads that wait for each other by spinning would take from the others.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
background=
which=$1
shift

case $which in
check) chosen="not long and not processes" profile=quick ;;
test) chosen="not long" profile=quick ;;
all) chosen="" profile=thorough ;;
*) sed -n 's/^# usage/usage/p' "$0" && exit 2 ;;
esac

tests() {
    .venv/bin/python -m pytest -m "$chosen" --hypothesis-profile="$profile" "$@"
}

# begin NAME [arguments]: tests in the background, with a log of their own
begin() {
    name=$1
    shift
    tests "$@" >"$logs/$name-tests.log" 2>&1 &
    background="$background $name:$!"
}

stop() {
    for one in $background; do
        kill "${one#*:}" 2>/dev/null
    done
    exit 1
}
trap stop INT TERM

# The longest first; lint needs one core.
[ "$which" = check ] || begin search tests/search "$@"
begin training tests/training "$@"
make --no-print-directory lint || stop
if [ "$which" = check ]; then
    tests --ignore tests/training "$@"
else
    .venv/bin/python scripts/audit.py || [ $? -eq 2 ] || stop # 2: the advisory service cannot be asked from here
    scripts/program.sh chromium || stop
    scripts/program.sh pgbouncer || stop
    begin faults tests/faults "$@"
    tests --ignore tests/training --ignore tests/faults --ignore tests/search "$@"
fi
failed=$?
for one in $background; do
    name=${one%:*}
    echo "Waiting for the tests of $name (log: $logs/$name-tests.log)."
    wait "${one#*:}" || failed=1
    cat "$logs/$name-tests.log"
done
[ $failed -eq 0 ]
