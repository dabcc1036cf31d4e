# Two commands: `make demo` maps a simulated crater, `make test` runs the tests. Both set up .venv first.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: demo test fuzz lint real crater setup weights javascript-libraries bench-native bench-learning bench-reading gpu likeness benchmark-set coarse slurm-profile test-slurm plan bench-increment bench-mapping bench-bounds real-crops real-fractures calibration help real-data docs bench-craters whole-moon

# The Pythons that the pins of envs/ have wheels for.
SUITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do $$python -c "$(SUITS)" 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
CORES ?= $(shell nproc)
SNAKEMAKE := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --cores $(CORES)

demo: .venv/run.stamp  ## run all steps on a simulated Moon, in minutes
	$(SNAKEMAKE) all --configfile config/demo.yaml

test: .venv/test.stamp lint  ## run all checks and tests
	$(BIN)/pytest tests

MINUTES ?= 10
fuzz: .venv/test.stamp  ## run the tests that make their inputs by generators, each again and again (MINUTES=10)
	$(BIN)/pytest tests -m fuzz --fuzz-minutes $(MINUTES) -n $(CORES)

bench-bounds: .venv/run.stamp  ## measure how time and memory grow with inputs that are as bad as they can be
	$(BIN)/python benchmarks/bounds.py

test-slurm: .venv/test.stamp  ## of the tests, only those on a real Slurm, which they start (root; Debian: apt-get install slurmctld slurmd slurm-client munge)
	$(BIN)/pytest tests/workflow -m slurm -n 0

lint: .venv/test.stamp  ## check style, type hints and rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/python .ci/public_hints.py
	$(BIN)/hadolint envs/containers/Dockerfile
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --lint --configfile config/demo.yaml

docs: .venv/test.stamp  ## write the documentation as a site with a search, results/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

crater: .venv/run.stamp  ## map a real place, from the archive to the map, without ISIS (fetches some GB)
	$(SNAKEMAKE) king_bridge --configfile config/first_crater.yaml

# A command that needs real data says so before anything is installed.
IMF_REAL_DATA ?= ../shared/real
real-data:
	@test -d "$(IMF_REAL_DATA)" || { echo "imfmap: make $(firstword $(MAKECMDGOALS)) needs real data, and there is no folder $(IMF_REAL_DATA); set IMF_REAL_DATA to the folder that holds it (for make real: a folder with isis/M143947267L.cal.echo.crop.cub of ISIS's own tests). make crater maps a real place without it"; exit 1; }

real: real-data .venv/run.stamp  ## map a real image (needs IMF_REAL_DATA) with the demo's model
	$(SNAKEMAKE) giordano_bruno --configfile config/demo.yaml

weights: .venv/run.stamp  ## train resources/detector.pt again, on simulated scenes, and calibrate it (hours)
	$(BIN)/python resources/detector.py --processes $(CORES) --threads $(CORES)
	$(MAKE) calibration MODEL=resources/detector.pt
	$(BIN)/python resources/detector.py --calibrated results/calibration/models/net/calibrated.pt

javascript-libraries: .venv/bin/python  ## fetch the JavaScript libraries of the viewer and of the documentation again (needs npm)
	$(BIN)/python resources/javascript_libraries.py

likeness: real-data .venv/run.stamp  ## compare the simulated Moon with the real one (needs IMF_REAL_DATA), into results/likeness
	$(BIN)/python benchmarks/likeness.py --processes $(CORES)

coarse: .venv/run.stamp  ## map the simulated Moon at 1.5 and at 6 m/px (the paper, section 4.5), also with a network trained at 6 m/px
	$(SNAKEMAKE) coarse --configfile config/coarse.yaml

SIZE ?= full
benchmark-set: .venv/run.stamp  ## make the simulated benchmark set, without training (SIZE=small for a laptop)
	$(SNAKEMAKE) benchmark_set --configfile config/benchmark.yaml --config size=$(SIZE)

CONFIG ?= config/config.yaml
TARGET ?= all
plan: .venv/run.stamp  ## write what a run would do, why and at what cost, without running it (CONFIG=config/demo.yaml TARGET=unseen)
	PYTHONPATH=workflow PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m imfmap.run.plan.report $(TARGET) --configfile $(CONFIG)

bench-mapping: .venv/run.stamp  ## measure time and memory from a probability of 32k x 32k pixels to the numbers of a map
	$(BIN)/python benchmarks/mapping.py

bench-increment: .venv/run.stamp  ## measure the cost of one more image, compared with that of all images
	$(BIN)/python benchmarks/increment.py

bench-craters: .venv/run.stamp  ## measure what Snakemake takes to plan and run many craters, with jobs that make empty files
	$(BIN)/python benchmarks/many_craters.py

whole-moon: .venv/run.stamp  ## count what mapping the whole Moon would take, from the measured times of docs/
	$(BIN)/python benchmarks/whole_moon.py

bench-native: .venv/run.stamp  ## measure time and memory of the native engine, compared with gdalwarp and a plain copy
	$(BIN)/python benchmarks/native_engine.py

bench-learning: .venv/run.stamp  ## measure tiles per second of training and inference, compared with a plain loop
	$(BIN)/python benchmarks/learning.py

bench-reading: .venv/run.stamp  ## measure all of inference and training but the network (AGAINST=FOLDER: compared with another checkout)
	$(BIN)/python benchmarks/reading_path.py $(if $(AGAINST),--against "$(AGAINST)")

gpu: .venv/run.stamp  ## on a machine with a GPU: check it against the CPU, measure, and train the shipped detector for some minutes
	PYTHON=$(BIN)/python benchmarks/gpu.sh

MODELS ?= $(wildcard results/*/models/*/checkpoint.pt)
real-fractures: real-data .venv/run.stamp  ## measure what the shipped detector finds of real fractures (needs IMF_REAL_DATA)
	$(BIN)/python benchmarks/real_fractures.py

real-crops: real-data .venv/run.stamp  ## count what trained models find on real ground (needs IMF_REAL_DATA; MODELS=results/demo/models/*/checkpoint.pt)
	$(BIN)/python benchmarks/real_crops.py $(MODELS)

MODEL ?= resources/detector.pt
calibration: .venv/run.stamp  ## calibrate a checkpoint on simulated places, and measure what it finds (MODEL=results/demo/models/small_unet/checkpoint.pt)
	IMF_MODEL="$(abspath $(MODEL))" $(SNAKEMAKE) calibration --configfile config/calibration.yaml
	$(BIN)/python benchmarks/completeness.py

setup: .venv/test.stamp slurm-profile  ## install all packages, and the profile for Slurm clusters

PROFILES := $(or $(XDG_CONFIG_HOME),$(HOME)/.config)/snakemake
slurm-profile:  ## link profiles/slurm, so that Snakemake finds it by name: snakemake --profile slurm
	@mkdir -p "$(PROFILES)"
	@if [ -e "$(PROFILES)/slurm" ] && ! [ "$(PROFILES)/slurm" -ef profiles/slurm ]; then \
		echo "imfmap: $(PROFILES)/slurm is another profile and was not changed; use snakemake --profile profiles/slurm"; \
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
	@echo "imfmap: packages are installed into .venv: some 5 GB to fetch, most of it PyTorch, in 5 to 15 minutes on a fast line. pip says nothing until it ends"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements.txt
	touch $@

.venv/test.stamp: envs/requirements-test.txt .venv/run.stamp
	@echo "imfmap: the packages of the tests are installed: less than a minute"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements-test.txt
	touch $@
