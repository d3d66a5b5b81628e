# Everything a newcomer needs: `make demo`, `make test`. Both set themselves up.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
CONSOLE := api/console/dist/index.html
unexport PYTHONDONTWRITEBYTECODE  # without what is kept of it, each process of the tests would compile the whole project anew
CONSOLE_SOURCES := $(shell find api/console -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: help demo test check format docs test-thorough test-world test-servers test-real test-faults test-browser test-long test-moments bench bench-quality setup console clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

demo: setup ## a simulated fleet, the whole service, the console: make demo ARGS="--appliances 50 --for 60"
	@$(BIN)/fettle demo $(ARGS)

test: setup ## the tests that need no server
	@$(BIN)/pytest $(ARGS)

test-thorough: setup ## the properties among them, each tried with many more examples, and every kind and fault
	@$(BIN)/pytest --hypothesis-profile thorough --timeout 900 -m '(hypothesis or thorough) and not servers and not browser and not long' $(ARGS)

check: setup ## lint, types, import contracts, house rules, what is made from the code, and the same of the console
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest tests/test_house.py tests/test_imports.py tests/test_shape.py tests/api/test_console_types.py
	@$(BIN)/python deploy/build_console.py check

format: setup ## let the formatter and the fixer have their way
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .
	@$(BIN)/python deploy/build_console.py format

docs: setup ## renew what is made from the code: the pages beside a script of docs/, and the console's types
	@$(BIN)/python docs/renew.py

test-world: setup ## the seeded simulation of the whole core: make test-world SEEDS=100000
	@$(BIN)/python -m tests.world --count $(or $(SEEDS),2000) --jobs 2

test-servers: test-real test-faults test-browser ## installs and starts the real servers, and tests against them

test-real: setup
	@bash deploy/servers.sh get
	@$(BIN)/pytest -n 0 -m 'servers and not long' --ignore=tests/servers/faults $(ARGS)

test-faults: setup  # two at a time: they wait more than they work
	@bash deploy/servers.sh get
	@$(BIN)/pytest -n 2 --dist worksteal -m 'servers and not long' tests/servers/faults $(ARGS)

test-browser: setup  # apart from the others: the browser's driver keeps an event loop running in its process
	@bash deploy/servers.sh get chromium
	@$(BIN)/pytest -n 0 -m browser $(ARGS)

test-long: setup ## the server tests that take minutes each
	@bash deploy/servers.sh get
	@$(BIN)/pytest -n 0 -m long $(ARGS)

MOMENTS := 2026-11-30T00:59:45 2027-01-01T00:59:45 2027-03-01T00:59:45 2027-03-28T01:59:45  # in Berlin: UTC midnights, and a lost hour
test-moments: setup ## the same tests while week, month, year and summer time change
	@for at in $(MOMENTS); do echo "== $$at"; $(BIN)/pytest --moment $$at $(ARGS) || exit 1; done

bench: setup ## one JSON line per figure
	@$(BIN)/python -m benchmarks $(ARGS)

bench-quality: setup ## how good the detectors are, ARGS="--data FOLDER" with the public data
	@$(BIN)/python -m benchmarks.quality $(ARGS)

setup: $(STAMP) $(CONSOLE) ## environment and console, ready to run

console: $(CONSOLE) ## build the console

$(CONSOLE): $(CONSOLE_SOURCES) deploy/build_console.py | $(STAMP)
	@$(BIN)/python deploy/build_console.py
	@touch $@

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Fettle needs Python 3.11 or newer: apt install python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "The module venv is missing: apt install python3-venv"; exit 1; }
	@test -x $(BIN)/python || { echo "Creating $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing the locked dependencies (about two minutes the first time)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@FETTLE_SKIP_CONSOLE=1 $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

clean: ## remove what was built
	rm -rf $(VENV) dist build api/console/dist api/console/node_modules .mypy_cache .ruff_cache .pytest_cache
