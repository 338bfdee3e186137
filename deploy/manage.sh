#!/bin/sh
# manage.py with the production environment: sudo -u fashion deploy/manage.sh search_index status
set -eu
cd "$(dirname "$0")/.."
set -a
. "${FASHION_ENV:-/etc/fashion/env}"
set +a
exec .venv/bin/python manage.py "$@"
