#!/bin/sh
# Installs Debian's PgBouncer for the tests and faults behind a pooler where it is missing and this account may; says so where it may not.
set -eu
export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}:/usr/sbin"
command -v pgbouncer >/dev/null && exit 0
log=$(dirname "$0")/../.local/log/apt.log
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "PgBouncer is missing and cannot be installed by this account: tests and faults behind a pooler will be skipped."
    exit 0
fi
echo "Installing PgBouncer (log: $log)"
mkdir -p "$(dirname "$log")"
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -qq update && apt-get -qq install --no-install-recommends -y pgbouncer; } >"$log" 2>&1; then
    echo "PgBouncer could not be installed: $(tail -n 1 "$log")"
fi
