# make search   set up .venv and run a first search to its end
# make test     set up .venv and run the tests
# make check    lint, format, types and import floors, as .ci/run does
# make bench    the yardstick: needs CIFAR-10, DATA=folder
# make clean    remove .venv and caches; runs/ stays
#
# PYTHON=python3.12 picks an interpreter; ARGS="..." is passed on to the command.

PYTHON ?= python3
ARGS ?=
DATA ?= $(NAS_DATA_DIR)

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
READY := .venv/ready

.PHONY: search test check bench install clean

search: $(READY)
	$(BIN)/nas search --space activations $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m tests.benchmarks.yardstick --data-dir "$(DATA)" $(ARGS)

install: $(READY)

# The stamp is written last, so an installation that broke off is begun again; with it in place nothing
# is installed, and no network is needed.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit('nas needs Python 3.11 or newer, this is ' + sys.version.split()[0]) if sys.version_info < (3, 11) else None"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	$(BIN)/python -c "open('$(READY)', 'w').close()"

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
