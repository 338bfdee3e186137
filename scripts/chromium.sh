#!/bin/sh
# Installs Debian's Chromium for the browser tests where it is missing and this account may; says so where it may not.
set -eu
export PATH="${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
for program in chromium chromium-browser google-chrome; do
    command -v "$program" >/dev/null && exit 0
done
log=$(dirname "$0")/../.local/log/apt.log
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Chromium is missing and cannot be installed by this account: the browser tests will be skipped."
    exit 0
fi
echo "Installing Chromium (log: $log)"
mkdir -p "$(dirname "$log")"
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get -qq update && apt-get -qq install --no-install-recommends -y chromium fonts-liberation; } >"$log" 2>&1; then
    echo "Chromium could not be installed: $(tail -n 1 "$log")"
fi
