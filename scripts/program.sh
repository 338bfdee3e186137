#!/bin/sh
# Installs a program of Debian's that tests use, where it is missing and this account may; says so where it may not.
# usage: scripts/program.sh chromium|pgbouncer
set -eu
export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}:/usr/sbin"
case ${1:-} in
chromium)
    name=Chromium programs="chromium chromium-browser google-chrome" packages="chromium fonts-liberation"
    skipped="the browser tests"
    ;;
pgbouncer)
    name=PgBouncer programs=pgbouncer packages=pgbouncer skipped="tests and faults behind a pooler"
    ;;
*)
    echo "usage: scripts/program.sh chromium|pgbouncer" >&2
    exit 2
    ;;
esac
for program in $programs; do
    command -v "$program" >/dev/null && exit 0
done
log=$(dirname "$0")/../.local/log/apt.log
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "$name is missing and cannot be installed by this account: $skipped will be skipped."
    exit 0
fi
echo "Installing $name (log: $log)"
mkdir -p "$(dirname "$log")"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # several packages
if ! { apt-get -qq update && apt-get -qq install --no-install-recommends -y $packages; } >"$log" 2>&1; then
    echo "$name could not be installed: $(tail -n 1 "$log")"
fi
