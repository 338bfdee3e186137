# make demo   the shop on this machine          [PORT=8000] [CATALOGUE=folder] [ARTIFACT=light]
# make check  lint, types, and the tests that start no server
# make test   what must hold before a commit    [FASHION_DATA=folder]
# make test-all   all that must hold            [FASHION_DATA=folder]
# make wheels     the plugin and the models that ship, as packages, in dist/
# make test-host   search set up in new shops of other people's, by the steps of docs/install.md; also in make test-all
# make train-check   every model family, from fit by stop and resume to served; in part also in make test-all
# make docs   the pages as a site, with all links checked, in .local/site
# make matrix the tests of the plugin with each Python and Django that it supports   [MATRIX=options of nox]
# make screenshots   the README's pictures, of drawn products
# make audit  known faults of the pinned packages, asked over the network
# make chaos  faults done to a shop on purpose   [CHAOS=options]
# make load   ten minutes of many shoppers      [FASHION_DATA=folder] [LOAD=options]
# make bench  figures on the real catalogue     FASHION_DATA=folder
# make peers  this search beside others        [PEERS=options]
# make evaluate   judged queries, by kind       FASHION_DATA=folder

SHELL := /bin/sh
.DEFAULT_GOAL := help
# Tests start dozens of processes that import the same modules: compiled once, TensorFlow takes 5 s to import in place of 11.
unexport PYTHONDONTWRITEBYTECODE
# mypy's Django plugin loads the settings, but no server is asked for anything.
CHECKS = SECRET_KEY=checks DATABASE_URL=$${DATABASE_URL:-postgresql://localhost/none} REDIS_URL=$${REDIS_URL:-redis://localhost}

.PHONY: help demo check test test-all wheels test-host train-check lint audit mypy docs matrix bench peers evaluate chaos load format screenshots

help:
	@sed -n 's/^# make/make/p' Makefile

demo:
	@scripts/venv.sh requirements.txt
	@exec .venv/bin/python -m shop.local demo $(if $(PORT),--port "$(PORT)") $(if $(CATALOGUE),--catalogue "$(CATALOGUE)") $(if $(ARTIFACT),--artifact "$(ARTIFACT)")

check: dev
	@scripts/tests.sh check

test: dev
	@scripts/tests.sh test

test-all: dev
	@scripts/tests.sh all

wheels: dev
	.venv/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist . ./search/artifacts
	@ls dist/*.whl

test-host: dev
	env -u DJANGO_SETTINGS_MODULE .venv/bin/python -m pytest tests/hosts -s

train-check: dev
	env -u DJANGO_SETTINGS_MODULE FAMILIES=whole .venv/bin/python -m pytest tests/training/test_families.py

lint: dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/lint-imports
	.venv/bin/bandit --quiet --recursive --configfile pyproject.toml search shop sample_catalogue
	@$(MAKE) --no-print-directory mypy

audit: dev
	@.venv/bin/python scripts/audit.py

mypy: dev
	$(CHECKS) .venv/bin/mypy

docs:
	@scripts/venv.sh requirements-docs.txt .venv-docs
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet
	@echo "The pages are in .local/site/index.html."

matrix: dev
	.venv/bin/nox $(MATRIX)

bench: dev
	.venv/bin/python -m lab.bench $(BENCH)

peers: dev
	@scripts/venv.sh requirements-peers.txt .venv-peers
	.venv/bin/python -m lab.bench.peers $(PEERS)

evaluate: dev
	.venv/bin/python -m lab.bench.evaluate $(EVALUATE)

chaos: dev
	@scripts/program.sh pgbouncer
	.venv/bin/python -m lab.chaos $(CHAOS)

load: dev
	@scripts/venv.sh requirements-load.txt
	.venv/bin/python -m lab.bench.load $(LOAD)

screenshots: dev
	@scripts/program.sh chromium
	.venv/bin/python -m tests.browser.screenshots

format: dev
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

.PHONY: dev
dev:
	@scripts/venv.sh requirements-dev.txt
