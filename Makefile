# Two commands: `make demo` maps a simulated crater, `make test` runs the tests. Both set up .venv first.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: demo test lint real setup weights viewer-libraries bench-native bench-learning likeness benchmark-set coarse slurm-profile test-slurm plan bench-increment bench-mapping real-crops help

# The Pythons that the pins of envs/ have wheels for.
SUITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do $$python -c "$(SUITS)" 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
CORES ?= $(shell nproc)
SNAKEMAKE := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --cores $(CORES)

demo: .venv/run.stamp  ## the whole chain on a simulated Moon, in minutes
	$(SNAKEMAKE) all --configfile config/demo.yaml

test: .venv/test.stamp lint  ## everything that must hold
	$(BIN)/pytest tests -m "not slurm"

test-slurm: .venv/test.stamp  ## the workflow on a real Slurm, started for it (Debian: apt-get install slurmctld slurmd slurm-client munge)
	$(BIN)/pytest tests/workflow -m slurm -n 0

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/python .ci/public_hints.py
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --lint --configfile config/demo.yaml

real: .venv/run.stamp  ## map a real image (needs IMF_REAL_DATA) with the demo's model
	$(SNAKEMAKE) giordano_bruno --configfile config/demo.yaml

weights: .venv/run.stamp  ## make resources/start_weights.pt anew
	$(BIN)/python resources/start_weights.py

viewer-libraries: .venv/bin/python  ## fetch the viewer's JavaScript libraries anew (needs npm)
	$(BIN)/python resources/viewer_libraries.py

likeness: .venv/run.stamp  ## is the simulated Moon like the real one? (needs IMF_REAL_DATA): results/likeness
	$(BIN)/python benchmarks/likeness.py --processes $(CORES)

coarse: .venv/run.stamp  ## section 4.5 of the paper on the simulated Moon: 1.5 against 6 m/px, and a network trained at 6
	$(SNAKEMAKE) coarse --configfile config/coarse.yaml

SIZE ?= full
benchmark-set: .venv/run.stamp  ## make the simulated benchmark set, nothing trained (SIZE=small for a laptop)
	$(SNAKEMAKE) benchmark_set --configfile config/benchmark.yaml --config size=$(SIZE)

CONFIG ?= config/config.yaml
TARGET ?= all
plan: .venv/run.stamp  ## what a run would do, why and at what cost, doing nothing (CONFIG=config/demo.yaml TARGET=unseen)
	PYTHONPATH=workflow PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m imfmap.run.plan.report $(TARGET) --configfile $(CONFIG)

bench-mapping: .venv/run.stamp  ## time and memory from a probability of 32k x 32k pixels to a map's numbers
	$(BIN)/python benchmarks/mapping.py

bench-increment: .venv/run.stamp  ## what one image more costs, beside all those before it
	$(BIN)/python benchmarks/increment.py

bench-native: .venv/run.stamp  ## time and memory of the native engine, beside gdalwarp and a plain copy
	$(BIN)/python benchmarks/native_engine.py

bench-learning: .venv/run.stamp  ## tiles a second of training and inference, beside a plain loop
	$(BIN)/python benchmarks/learning.py

MODELS ?= $(wildcard results/*/models/*/checkpoint.pt)
real-crops: .venv/run.stamp  ## what trained models find on real ground (needs IMF_REAL_DATA; MODELS=results/demo/models/*/checkpoint.pt)
	$(BIN)/python benchmarks/real_crops.py $(MODELS)

setup: .venv/test.stamp slurm-profile  ## all that is to be installed, and the profile of a cluster

PROFILES := $(or $(XDG_CONFIG_HOME),$(HOME)/.config)/snakemake
slurm-profile:  ## let Snakemake find profiles/slurm by its name: snakemake --profile slurm
	@mkdir -p "$(PROFILES)"
	@if [ -e "$(PROFILES)/slurm" ] && ! [ "$(PROFILES)/slurm" -ef profiles/slurm ]; then \
		echo "imfmap: $(PROFILES)/slurm is another profile and stays; use snakemake --profile profiles/slurm"; \
	else \
		ln -sfn "$(CURDIR)/profiles/slurm" "$(PROFILES)/slurm"; \
		echo "snakemake --profile slurm: $(PROFILES)/slurm -> $(CURDIR)/profiles/slurm"; \
	fi

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "imfmap: no Python 3.11, 3.12 or 3.13 on the PATH (newer ones have no wheels of all packages); install python3.13, or run make PYTHON=/path/to/python3.13"; exit 1; }
	@"$(PYTHON)" -c "$(SUITS)" || { echo "imfmap: $(PYTHON) is $$("$(PYTHON)" --version 2>&1), and not all packages have wheels for it; use Python 3.11, 3.12 or 3.13"; exit 1; }
	@PYTHONPATH=workflow PYTHONDONTWRITEBYTECODE=1 "$(PYTHON)" -m imfmap.run.clone_folder
	"$(PYTHON)" -m venv .venv

.venv/run.stamp: envs/requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements.txt
	touch $@

.venv/test.stamp: envs/requirements-test.txt .venv/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements-test.txt
	touch $@
