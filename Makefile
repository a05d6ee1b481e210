# make chat    install, index corpus/, open the page on http://127.0.0.1:7860
# make test    install, run all tests
# make check   what make test does, and formatting, lint, types and the order of the modules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORPUS ?= corpus
PORT ?= 7860
export HF_HUB_OFFLINE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: chat install install-dev browser index test check lint clean

chat: install
	$(BIN)/askalms index $(CORPUS)
	$(BIN)/askalms serve --port $(PORT)

install: $(VENV)/installed

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "AskALMS needs Python 3.11 or newer; name one with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "pip>=25.1"

# torch first, by its exact version: left to itself, pip takes a build for graphics cards of several gigabytes.
$(VENV)/installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --editable .
	touch $@

install-dev: $(VENV)/installed-dev

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/pip install --quiet --group test --group check
	touch $@

browser:
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq chromium; } \
	  || { echo "the tests of the page need Debian's Chromium: install the package 'chromium' as root" >&2; exit 1; }

test: install-dev browser
	$(BIN)/pytest

lint: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

clean:
	rm -rf $(VENV) index/generations index/CURRENT .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
