# What people and CI type. Needs make and Python 3.11 or newer; everything else lands in .venv.

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check bench chaos system lock clean

VENV := .venv
BIN := $(VENV)/bin
CODE := $(wildcard bot adapters core tests bench)
PYTHON ?= python3.13 python3.12 python3.11 python3
# All defaults, and one source with something to search.
CONFIG := docs/examples/thaw.toml
ARGS :=
# Docker only where there is none: another one may be installed by other means.
DOCKER := $(shell command -v dockerd >/dev/null || echo docker.io)
PACKAGES := bubblewrap chromium fonts-dejavu-core fonts-noto-color-emoji git
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := $(BIN)/pip-compile --quiet --allow-unsafe --build-deps-for editable --generate-hashes --strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options --no-header

help:
	@echo "make run      set up, start the bot and open its page (CONFIG=FILE for settings of your own,"
	@echo "              ARGS=--no-open to leave the browser alone)"
	@echo "make test     set up and run the tests (ARGS=... goes to pytest)"
	@echo "make check    formatting, lint, types, import contracts, layout: what CI runs first"
	@echo "make bench    measure speed and memory"
	@echo "make chaos    kill the bot at every commit point and at random, for longer than the tests do"
	@echo "make system   install Debian's packages for sandboxes and for the tests of the page"
	@echo "make setup    only set up; make clean undoes it"
	@echo "make lock     choose newer versions of the libraries"

setup: $(VENV)/.ready
setup-dev: $(VENV)/.ready-dev

# Each Python is tried out: a name on the PATH may be a shim that starts nothing, or lack venv.
$(VENV)/.made:
	@for python in $(PYTHON); do \
		if "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			echo "Setting up in $(VENV) with $$("$$python" --version)"; \
			"$$python" -m venv --clear $(VENV) && touch $@; exit; \
		fi; \
	done; \
	echo "Thaw needs Python 3.11 or newer with its venv module; none of these is: $(PYTHON)" >&2; \
	echo "Install one (Debian and Ubuntu: apt-get install python3 python3-venv)," >&2; \
	echo "or name yours: make PYTHON=/path/to/python3 ..." >&2; \
	exit 1

$(VENV)/.ready: $(VENV)/.made requirements.lock pyproject.toml
	@echo "Installing the libraries of requirements.lock"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	@echo "Installing the tools of requirements-dev.lock"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

run: setup
	@exec $(BIN)/thaw run --config "$(CONFIG)" $(ARGS)

# Three at a time on two cores: a third of each test is waiting, and none needs the machine to itself.
test: setup-dev
	$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

check: setup-dev
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_layout.py

bench: setup-dev
	$(BIN)/python -m bench $(ARGS)

chaos: setup-dev
	THAW_CHAOS=1 $(BIN)/python -m pytest tests/chaos tests/faults tests/core/state/reference \
		tests/core/state/test_laws.py tests/core/state/test_prune.py $(ARGS)

system:
	@if ! command -v apt-get >/dev/null; then \
		echo "This is not Debian or Ubuntu. Install with your own package manager: $(PACKAGES)"; exit 1; \
	fi; \
	if [ "$$(id -u)" = 0 ]; then as=; \
	elif command -v sudo >/dev/null; then as=sudo; \
	else echo "Ask an administrator to run: apt-get install $(PACKAGES)"; exit 1; fi; \
	echo "Installing $(PACKAGES) with $${as:+$$as }apt-get:"; \
	echo "bubblewrap holds the sandboxes; chromium, its fonts, git and Docker are for the tests"; \
	$$as env DEBIAN_FRONTEND=noninteractive apt-get -q -y update && \
	$$as env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $(PACKAGES) && \
	if [ -n "$(DOCKER)" ]; then \
		$$as env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $(DOCKER) || \
			echo "Docker's own start failed, which the tests do not need"; \
	fi

# With Python 3.13: it needs all that the older ones do, and what its own library has lost.
lock: setup-dev
	$(LOCK) $(ARGS) --extra mcp --output-file requirements.lock pyproject.toml
	$(LOCK) $(ARGS) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build ./*.egg-info
