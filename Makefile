# make chat    install, index corpus/, open the page on http://127.0.0.1:7860
# make test    install, run all tests
# make models  train the encoder of sentences and the reranker, fit what weighs them
# make triage  fit the triage to its examples
# make check   what make test does, and formatting, lint, types and the order of the modules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORPUS ?= corpus
PORT ?= 7860
export HF_HUB_OFFLINE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: chat install install-dev browser index models triage test check lint clean

chat: index
	$(BIN)/askalms serve --port $(PORT)

# One file that cannot be read is listed, and must not keep the page from the others.
index: install
	$(BIN)/askalms index $(CORPUS) || test -f index/CURRENT

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

test: install-dev browser index
	$(BIN)/pytest

lint: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

# Some eight gigabytes of memory and about two and a half hours on two cores. MEDQUAD is a folder with MedQuAD's
# corpus.jsonl or corpus.jsonl.gz in the BEIR form; the questions are in training/.
models: $(VENV)/installed-train
	$(BIN)/python training/export_passages.py src/askalms/models/passages
	$(BIN)/python training/train_encoder.py $(MEDQUAD) build/encoder
	cp build/encoder/model.onnx build/encoder/tokenizer.json build/encoder/report.json src/askalms/models/sentences/
	$(BIN)/python training/train_reranker.py $(MEDQUAD) build/encoder/checkpoint build/reranker
	cp build/reranker/model.onnx build/reranker/tokenizer.json build/reranker/report.json src/askalms/models/reranker/
	$(BIN)/python training/fit_reranker.py $(MEDQUAD) --write
	$(BIN)/python training/fit_triage.py --write

# After a change of training/triage_examples.toml; a few minutes.
triage: $(VENV)/installed-train
	$(BIN)/python training/fit_triage.py --write

$(VENV)/installed-train: $(VENV)/installed
	$(BIN)/pip install --quiet --group train
	touch $@

clean:
	rm -rf $(VENV) index/generations index/CURRENT index/BEFORE.json index/LOCK index/LOCK.json .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
