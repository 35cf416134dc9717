# Everything a newcomer needs: `make demo` and `make test`. See README.md.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   ?=
# The tests start hundreds of short processes: what one has compiled, the next need not compile again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check lint types floors bench measure pictures setup setup-dev pins clean

demo: setup  ## the make-believe city: the story, then (on a terminal) the desk in the browser
	@if [ -t 1 ]; then $(BIN)/liandong demo $(DEMO); else $(BIN)/liandong demo --once $(DEMO); fi

test: setup-dev  ## all tests
	$(BIN)/python -m pytest -n auto

check: lint types floors test  ## what must hold before a commit

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev
	$(BIN)/mypy

floors: setup-dev
	$(BIN)/lint-imports

bench: setup-dev  ## benchmarks, quick
	$(BIN)/python -m bench

measure: setup-dev  ## quality on real messages and pages in ../shared, where they are
	$(BIN)/python -m bench.measure_boards
	$(BIN)/python -m bench.measure_classifier
	$(BIN)/python -m bench.measure_units
	$(BIN)/python -m bench.measure_urgency
	$(BIN)/python -m bench.measure_holding
	$(BIN)/python -m bench.measure_hot_issues
	$(BIN)/python -m bench.measure_duplicates

setup: $(VENV)/.run
setup-dev: $(VENV)/.dev

$(VENV)/.run: requirements.txt setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Liandong needs Python 3.11 or newer; try: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements-dev.txt
	@touch $@

pictures: setup-dev  ## the desk's pages as pictures, for docs/manual.zh-CN.md (needs Chromium)
	$(BIN)/python -m demo.pictures

pins: setup-dev  ## write the versions installed now into requirements*.txt
	$(BIN)/python tests/pins.py

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
