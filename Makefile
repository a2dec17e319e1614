# The verbs of this project; `make` lists them. How the tools are set up is in scripts/bootstrap.

PYTHON := .venv/bin/python
READY := .venv/.ready

.DEFAULT_GOAL := help
KERNEL := runtime/kernel

.PHONY: help demo test nightly test-lowest fuzz fuzz-kernel kills compare simulate coverage bench docs format clean

help:  ## list these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(READY)  ## compile, write and fetch the features of 336,776 real flights, and check each answer
	@$(PYTHON) examples/flights/demo.py

test:  ## everything that has to pass: format, lint, types, layers, tests
	@scripts/test

nightly: $(READY)  ## the tests with the slow cases that `make test` leaves out, and eight times the examples (some hours)
	@scripts/bootstrap --servers
	@HYPOTHESIS_PROFILE=nightly TILEWRIGHT_FUZZ=$${TILEWRIGHT_FUZZ:-200} $(PYTHON) -m pytest -n 2 --no-loadscope-reorder -m ""

test-lowest: .venv-lowest/.ready  ## the tests with the oldest libraries that we say we work with
	@scripts/bootstrap --servers
	@.venv-lowest/bin/python -m pytest -n 2 --no-loadscope-reorder

fuzz: $(READY)  ## damage plans, records, settings, declarations, files and requests for half an hour
	@TILEWRIGHT_FUZZ=$${TILEWRIGHT_FUZZ:-2000} $(PYTHON) -m pytest -q tests/fuzz

kills: $(READY)  ## kill writers 500 times at any moment, on LMDB, Redis and Kafka, and check each answer
	@TILEWRIGHT_KILLS=$${TILEWRIGHT_KILLS:-500} $(PYTHON) -m pytest -q -s tests/fuzz/test_kills.py tests/fuzz/test_kills_kafka.py

fuzz-kernel:  ## damage records before the native kernel, which sanitizers watch
	@scripts/fuzz-kernel

# Two at a time: a process each for the cases of one store, or of one policy for late events.
compare: $(READY)  ## make 100,000 fetches in six ways, cached and not, while events are written, and compare
	@export TILEWRIGHT_COMPARE=$${TILEWRIGHT_COMPARE:-100000}; \
	printf '%s\n' lmdb redis | xargs -P 2 -I {} $(PYTHON) -m pytest -q -s -m "" tests/fuzz/test_answers.py -k {}

simulate: $(READY)  ## let 10,000 errors of the store, and other faults, happen to the writer; compare with the oracle
	@export TILEWRIGHT_SIMULATE=$${TILEWRIGHT_SIMULATE:-10000}; \
	printf '%s\n' recompute delta approximate | xargs -P 2 -I {} \
		$(PYTHON) -m pytest -q -s -m nightly tests/runtime/ingest/test_simulator.py -k {}

coverage: $(READY)  ## run the tests and show what they leave out of the three wings, in all processes
	@scripts/coverage

bench: $(READY)  ## measure, each figure beside a floor measured in the same run
	@scripts/bench

docs: $(READY)  ## build the documentation as a site in build/site, and check its spelling and links
	@scripts/docs

format: $(READY)  ## put the sources into the project's format
	@.venv/bin/ruff check --fix --quiet .
	@.venv/bin/ruff format .

clean:  ## remove what these verbs made, the virtual environments too
	rm -rf build dist .venv .venv-lowest .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage* htmlcov
	find dsl compiler runtime examples tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml scripts/bootstrap $(KERNEL)/CMakeLists.txt $(KERNEL)/pyproject.toml $(wildcard $(KERNEL)/src/*)
	@scripts/bootstrap .venv

.venv-lowest/.ready: pyproject.toml constraints/lowest.txt scripts/bootstrap
	@scripts/bootstrap .venv-lowest --constraint constraints/lowest.txt
