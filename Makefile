# Two commands: `make demo` maps a simulated crater, `make test` runs the tests. Both set up .venv first.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: demo test lint real setup weights bench-native bench-learning likeness benchmark-set help

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do $$python -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
CORES ?= $(shell nproc)
SNAKEMAKE := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --cores $(CORES) --rerun-incomplete

demo: .venv/run.stamp  ## the whole chain on a simulated Moon, in minutes
	$(SNAKEMAKE) all --configfile config/demo.yaml

test: .venv/test.stamp lint  ## everything that must hold
	$(BIN)/pytest tests

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --lint --configfile config/demo.yaml

real: .venv/run.stamp  ## map a real image (needs IMF_REAL_DATA) with the demo's model
	$(SNAKEMAKE) giordano_bruno --configfile config/demo.yaml

weights: .venv/run.stamp  ## make resources/start_weights.pt anew
	$(BIN)/python resources/start_weights.py

likeness: .venv/run.stamp  ## is the simulated Moon like the real one? (needs IMF_REAL_DATA): results/likeness
	$(BIN)/python benchmarks/likeness.py --processes $(CORES)

SIZE ?= full
benchmark-set: .venv/run.stamp  ## make the simulated benchmark set, nothing trained (SIZE=small for a laptop)
	$(SNAKEMAKE) benchmark_set --configfile config/benchmark.yaml --config size=$(SIZE)

bench-native: .venv/run.stamp  ## time and memory of the native engine, beside gdalwarp and a plain copy
	$(BIN)/python benchmarks/native_engine.py

bench-learning: .venv/run.stamp  ## tiles a second of training and inference, beside a plain loop
	$(BIN)/python benchmarks/learning.py

setup: .venv/test.stamp

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "imfmap: no Python 3.11 or newer on the PATH; install one, or run make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: envs/requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements.txt
	touch $@

.venv/test.stamp: envs/requirements-test.txt .venv/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements-test.txt
	touch $@
