# Every target works on a fresh clone that has Python >= 3.11, git and make: the environment is built
# from the lock on first use.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || echo python3)
CORES ?= all
SHELL := /bin/bash
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONUNBUFFERED := 1
# What would have pip install elsewhere, or nothing; where packages come from stays as it is set.
export PIP_USER := 0
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_DRY_RUN PIP_NO_DEPS PIP_DOWNLOAD PYTHONHOME
# An environment holds its own path: where its folder was moved or copied, or its Python is gone, it is built anew.
MOVED := $(shell [ ! -e .venv/ok ] || \
	{ { [ ! -s .venv/ok ] || [ "$$(cat .venv/ok)" = "$$(pwd -P)" ]; } && .venv/bin/python -c '' >/dev/null 2>&1; } || echo moved)

.PHONY: moved help reproduce smoke test test-engines pull torture environments bench lint format readme lock clean
.DEFAULT_GOAL := help

help:
	@echo "make reproduce  the whole reproduction at the default scale -> results/laptop/report/index.html"
	@echo "make smoke      the same DAG in a few minutes -> results/smoke/report/index.html"
	@echo "make test       unit, property and end-to-end tests"
	@echo "make test-engines  DVC's flows, and runs through a Slurm that is started here (as root, on Debian)"
	@echo "make torture    kill the smoke DAG fifty times, compare the end with an undisturbed run"
	@echo "make environments  the smallest plan in some ninety environments -> the table in docs/faults.md"
	@echo "make bench      speed beside Hugging Face Trainer and a plain PyTorch loop -> results/bench.json"
	@echo "make lint       ruff, mypy, snakefmt, snakemake --lint"

.venv/ok: requirements.txt constraints.txt $(if $(MOVED),moved)
	@$(PYTHON) -c 'import sys; sys.exit("Python >= 3.11 is needed, found " + sys.version.split()[0] + ": pass PYTHON=...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(if $(MOVED),--clear) .venv
	python -m pip install --quiet --requirement requirements.txt
	@pwd -P > $@

reproduce: .venv/ok
	snakemake --cores $(CORES)
	@echo "open results/laptop/report/index.html"

smoke: .venv/ok
	snakemake --cores $(CORES) --config scale=smoke
	@echo "open results/smoke/report/index.html"

test: .venv/ok
	python -m pytest -q -n 2 --dist loadfile

# What takes minutes under another engine: DVC's flows beside a Slurm that is started for it, which mostly waits.
test-engines: .venv/ok
	python -m pytest -q -rs --tb=short -m slow -n 2 --dist loadfile

# Results from the DVC remote. Their manifests tell Snakemake that there is nothing to do.
pull: .venv/ok
	dvc pull
	dvc status --quiet

torture: .venv/ok
	python -m tests.torture --kills 50 --out results/torture.json

environments: .venv/ok
	python -m tests.environments --write docs/faults.md

bench: .venv/ok
	python -m pip install --quiet --requirement benchmarks/requirements.txt
	python -m benchmarks.bench --out results/bench.json

lint: .venv/ok
	ruff check .
	ruff format --check .
	mypy pipeline benchmarks
	snakefmt --check Snakefile pipeline/rules
	@# The environment is the lock's, for all rules at once: no conda or container a rule.
	@! snakemake --lint 2>&1 | grep '^ *\* ' | grep -v 'Specify a conda environment or container'

format: .venv/ok
	ruff check --fix .
	ruff format .
	snakefmt Snakefile pipeline/rules

# The README's numbers, from the committed results; the documents' costs, from the plan; the parameters' page and
# schema, from their classes; the scales beside the paper, from plans and committed results; what describes the results
# to people and to archives.
readme: .venv/ok
	python -m pipeline.commands.readme --results results/laptop --readme README.md --findings docs/findings.md
	python -m pipeline.commands.cost --scale paper-grid --write docs/cluster.md docs/dvc.md docs/gpus-and-nodes.md
	python -m pipeline.commands.parameters
	python -m pipeline.commands.scales
	python -m pipeline.commands.columns
	python -m pipeline.commands.crate

# Pins every version for Linux and macOS; as constraints they install nothing by themselves, so the
# CUDA packages of torch are pinned here and left out where torch comes without CUDA.
lock: .venv/ok
	python -m pip install --quiet uv
	cat requirements.txt benchmarks/requirements.txt | grep -v '^-c' | uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate - -o constraints.txt

clean:
	rm -rf .venv .snakemake logs results/*/runs results/*/populations results/*/evaluations results/*/shelf results/*/toy results/smoke
