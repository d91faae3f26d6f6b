# Comarca. The two commands to know: `make demo` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check -q
LOCKS  := requirements
WORDS  := $(wildcard node/web/locale/*/LC_MESSAGES/comarca.po)

SCALE  ?= 10

.PHONY: demo tour simulation storm bundles away newcomer heads restores returning cluster sweep powercut fuzz planted test lint types contracts check bench schemas words catalogues wheel clean help

# Where it is set, each of the workers and of the hundred servers of a run would compile everything again.
export PYTHONDONTWRITEBYTECODE :=


help:  ## what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit("Comarca needs Python 3.11 or newer; try: make PYTHON=python3.13 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made $(LOCKS)/run.lock pyproject.toml
	$(PIP) install --require-hashes -r $(LOCKS)/run.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.words: $(VENV)/.run $(WORDS) hatch_build.py
	$(BIN)/python hatch_build.py
	@touch $@

$(VENV)/.dev: $(VENV)/.words $(LOCKS)/dev.lock
	$(PIP) install --require-hashes -r $(LOCKS)/dev.lock
	@touch $@

demo: $(VENV)/.words  ## three councils on this machine, until Ctrl-C
	@$(BIN)/comarca demo

tour: $(VENV)/.words  ## the demo walks through itself: PASS or FAIL for each step
	@$(BIN)/comarca demo --script

test: check  ## lint, types, import contracts and the whole suite
	$(BIN)/python -m pytest -n 4

check: lint types contracts

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

storm: $(VENV)/.dev  ## feeds under lost, cut and garbled talks, old copies, new keys: SCALE times 12 seeds
	$(BIN)/python -m pytest tests/feeds/test_storm.py --scale $(SCALE) -n 2

simulation: $(VENV)/.dev  ## councils under every fault, pushes and feeds side by side: SCALE times 200 seeds
	$(BIN)/python -m pytest tests/simulation/test_seeds.py --scale $(SCALE) -n 2

bundles: $(VENV)/.dev  ## files on a stick, damaged in every way: SCALE times 174 of them
	$(BIN)/python -m pytest tests/feeds/test_damaged_bundles.py tests/feeds/test_bundle_file.py --scale $(SCALE) -n 2

away: $(VENV)/.dev  ## a council that was away for thirty days: SCALE times 500 entries meanwhile
	$(BIN)/python -m pytest tests/feeds/test_away.py --scale $(SCALE) -rP

newcomer: $(VENV)/.dev  ## a first copy from one neighbour, killed ten times on the way: SCALE times 400 records
	$(BIN)/python -m pytest tests/feeds/test_first_copy.py --scale $(SCALE) -rP

heads: $(VENV)/.dev  ## what two councils hold of 1,000 others is compared, of 5,000 with SCALE=5
	$(BIN)/python -m pytest tests/feeds/test_many_heads.py tests/protocol/feeds/test_heads.py --scale $(SCALE) -rP

restores: $(VENV)/.dev  ## old backups put back: SCALE times 20 of them, and up to 20 real servers
	$(BIN)/python -m pytest tests/feeds/test_restoring.py tests/two_nodes/test_many_restores.py --scale $(SCALE)

returning: $(VENV)/.dev  ## a council whose server is gone comes back from its words and its neighbours
	$(BIN)/python -m pytest tests/two_nodes/test_returning.py

cluster: $(VENV)/.dev  ## ten real servers that are killed, cut off, put back and lied to by the line: SCALE seeds
	$(BIN)/python -m pytest tests/nemesis --scale $(SCALE) -s

sweep: $(VENV)/.dev  ## the n-th write call kills the server, or fails: SCALE times 10 such faults, at most all there are
	$(BIN)/python -m pytest tests/durability -k write --scale $(SCALE)

powercut: $(VENV)/.dev  ## disks as they may be after a cut of the power: SCALE times 240 of them
	$(BIN)/python -m pytest tests/durability -k power --scale $(SCALE)

fuzz: $(VENV)/.dev  ## every parser that strangers reach, guided by coverage: SCALE times 200,000 inputs
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(PIP) install --require-hashes -r $(LOCKS)/fuzz.lock
	nice $(BIN)/python -m tests.fuzz --scale $(SCALE)

planted: $(VENV)/.dev  ## the tests can fail: planted faults, each noticed by the tests that are named for it
	$(BIN)/python -m pytest tests/planted

bench: $(VENV)/.dev  ## figures beside this machine's own ceiling, as JSON
	@$(BIN)/python -m tests.bench

words: $(VENV)/.words  ## compile the catalogues of the page languages

catalogues: $(VENV)/.dev  ## take new words of templates and code into the catalogues, to be translated there
	$(BIN)/pybabel -q extract -F babel.cfg -k phrase -k phrases:1,2 --no-location --sort-output --omit-header -o .venv/comarca.pot .
	$(BIN)/pybabel -q update -i .venv/comarca.pot -d node/web/locale -D comarca --no-fuzzy-matching --ignore-obsolete --omit-header

wheel: $(VENV)/.words  ## build the wheel, and try it in an empty environment with the locked packages
	rm -rf dist build
	$(BIN)/python -m hatchling build -t wheel
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/python -m pip --disable-pip-version-check -q install --require-hashes -r $(LOCKS)/run.lock
	build/wheel/bin/python -m pip --disable-pip-version-check -q install --no-deps dist/comarca-*.whl
	cd build && wheel/bin/comarca --help >/dev/null && echo "dist/ holds a wheel that works"

schemas: $(VENV)/.run  ## write the JSON Schemas anew
	$(BIN)/python -m schemas.generate

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
