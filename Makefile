# Everything a change needs. Only Python 3.11+ and git are needed to begin.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := .ci/requirements.lock
READY := $(VENV)/.ready
PROJECTS := $(VENV)/projects
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
ARGS ?=
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := all
.PHONY: all checks run test test-all format format-check lint types mypy pyright contracts bench bench-memory docs

all: checks test
checks: format-check lint types contracts
types: mypy pyright

# A changed lock or pyproject installs again; else this costs nothing.
$(READY): pyproject.toml $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/pip || { echo "making $(VENV) (first time only)" >&2; $(PYTHON) -m venv $(VENV); }
	@$(PIP) --require-hashes -r $(LOCK)
	@$(PIP) --no-deps --no-build-isolation -e .
	@command -v bwrap >/dev/null || test "$$(uname)" != Linux || \
		echo "bubblewrap is missing: commands run with limits only, so each one asks. hermes doctor says how to raise it." >&2
	@touch $@

# Source of a real project for the tests that run a goal on one; without network they say so and are skipped.
$(PROJECTS): .ci/projects.txt | $(READY)
	@mkdir -p $@
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
		--require-hashes -r $< -d $@ || echo "the project of .ci/projects.txt could not be fetched" >&2
	@touch $@

run: $(READY)
	@$(BIN)/hermes $(ARGS)

# -rs names what could not be tested here, and why.
test: $(READY) $(PROJECTS)
	@$(BIN)/python -m pytest -n 2 -rs

test-all: $(READY) $(PROJECTS)
	@$(BIN)/python -m pytest -n 2 -rs -m "long or not long"

format: $(READY)
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

format-check: $(READY)
	@$(BIN)/ruff format --check --quiet . || { echo "not formatted: run make format" >&2; exit 1; }

lint: $(READY)
	@$(BIN)/ruff check --quiet .

mypy: $(READY)
	@$(BIN)/mypy

pyright: $(READY)
	@$(BIN)/pyright

contracts: $(READY)
	@$(BIN)/lint-imports

bench: $(READY)
	@$(BIN)/python -m tests.bench $(ARGS)

bench-memory: $(READY)
	@$(BIN)/python -m tests.bench_memory $(ARGS)

docs: $(READY)
	@$(BIN)/python -m tests.tools.make_pins
	@$(BIN)/python -m tests.tools.make_map
	@$(BIN)/python -m tests.tools.make_commands
	@$(BIN)/python -m tests.tools.make_config
	@$(BIN)/python -m tests.tools.make_keys
	@$(BIN)/python -m hermes_tui.services.results
	@$(BIN)/python -m tests.tools.make_pictures
