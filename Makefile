# What each target does: `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The pinned tools come first, node among them: a machine needs none of its own.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install install-extras install-dev run demo test test-all bench bench-search bench-admin bench-live lint fmt lock

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.installed  ## build .venv from the lock
install-extras: $(VENV)/.installed-extras  ## the same with the clients of AWS, RabbitMQ, NATS and Kafka, and uvicorn
install-dev: $(VENV)/.installed-dev  ## the same with the tools that the tests need

$(BIN)/python:
	@echo "creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: install it (Debian: apt-get install python3-venv)"; rm -rf $(VENV); exit 1; }

$(VENV)/.installed: requirements.lock | $(BIN)/python
	@echo "installing the pinned packages of requirements.lock"
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes --progress-bar on -r requirements.lock
	@touch $@

$(VENV)/.installed-extras: requirements-extras.lock | $(BIN)/python
	@echo "installing the pinned packages of requirements-extras.lock"
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes --progress-bar on -r requirements-extras.lock
	@touch $(VENV)/.installed $@

$(VENV)/.installed-dev: requirements-dev.lock requirements.lock | $(BIN)/python
	@echo "installing the pinned packages of requirements-dev.lock"
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes --progress-bar on -r requirements-dev.lock
	@touch $(VENV)/.installed $@

lock:  ## pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --all-extras -c requirements.lock pyproject.toml -o requirements-extras.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --all-extras --group dev -c requirements-extras.lock pyproject.toml -o requirements-dev.lock

run: install  ## start Eventhub on http://127.0.0.1:8000 with its data in ./var
	@$(BIN)/python manage.py migrate --verbosity 0
	@exec $(BIN)/python manage.py hub

demo: install  ## add the demo scenarios to a running Eventhub and keep traffic flowing
	@exec $(BIN)/python manage.py demo

node_modules/.installed: package-lock.json | $(VENV)/.installed-dev
	@echo "installing the checks for JavaScript"
	@$(BIN)/npm ci --silent --no-audit --no-fund
	@touch $@

lint: install-dev node_modules/.installed  ## style, types, import contracts, migrations, JavaScript
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	EVENTHUB_DATA_DIR=$$(mktemp -d) $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/npm run --silent types
	$(BIN)/npm test --silent

fmt: install-dev  ## put the code in our style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: lint  ## everything that is quick: lint, types, contracts, Python and JavaScript tests
	$(BIN)/pytest -n 2 -m "not whole"

test-all: lint  ## the same with kill tests, real browsers and real servers
	$(BIN)/pytest -n 2

bench: install-dev  ## measure on this machine, beside moto's server
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.patterns
	$(BIN)/python -m tests.bench.patterns_scaling
	$(BIN)/python -m tests.bench.patterns_rulebook

bench-search: install-dev  ## search 10 million events on PostgreSQL, 2 million on SQLite (20 GB of disk, 15 minutes)
	$(BIN)/python -m tests.bench.search
	$(BIN)/python -m tests.bench.search --costs

bench-admin: install-dev  ## time the admin's pages with 2,000 rules and 2 million events (3 GB of disk, 5 minutes)
	$(BIN)/python -m tests.bench.admin

bench-live: install-dev  ## measure the live dashboard in headless Chromium (6 minutes; ARGS="--minutes 30" watches the heap longer)
	$(BIN)/python -m tests.bench.live $(ARGS)
