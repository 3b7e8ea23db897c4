# Two commands do everything on a fresh machine with Python 3.11 or newer and apt:
#   make run     real Asterisk, real SIP callers, a table of what became of each call
#   make test    every check and test, the real calls too
# The rest: make model (the shipped model from its seed), make bench, make clean.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CORPUS ?= corpus

.PHONY: run test lint unit lab bench corpus model clean

run: $(STAMP)
	$(BIN)/python -m lab

test: lint unit lab

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

unit: $(STAMP)
	SILENTSPAM_TEST_FETCH=1 $(BIN)/pytest -m "not lab"

lab: $(STAMP)
	$(BIN)/pytest -m lab

bench: $(STAMP)
	$(BIN)/python -m benchmarks

$(STAMP): setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Silentspam needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[training,report,scan,dask,vad,lab,test]'
	touch $@

# The shipped model, from licensed speech and synthetic dead air; the same bytes every time.
$(CORPUS)/labels.csv: | $(STAMP)
	$(BIN)/silentspam simulate --out $(CORPUS) --sources $$($(BIN)/python -m lab.corpus_audio) --seed 1

corpus: $(CORPUS)/labels.csv

model: corpus
	$(BIN)/silentspam train --recordings $(CORPUS) --labels $(CORPUS)/labels.csv --out silentspam/models/default --seed 1

clean:
	rm -rf $(VENV) $(CORPUS) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
