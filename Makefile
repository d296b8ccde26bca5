PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test search hub-smoke lint bench clean help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(READY): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "xner-hf needs Python 3.11 or later; set PYTHON")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

demo: $(READY)  ## the whole chain on the bundled sample
	$(BIN)/xner demo

test: $(READY)  ## all tests, on up to four cores
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

search: $(READY)  ## the properties, with new examples each time
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 -m hypothesis --hypothesis-profile=search

hub-smoke: $(READY)  ## ask the Hub for everything that a default names; needs internet
	$(BIN)/python tests/hub/smoke.py --record tests/hub/replies.json

lint: $(READY)  ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(READY)  ## the benchmarks that take minutes; needs XNER_MIRROR
	mkdir -p build
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/build_speed.py
	$(BIN)/python benchmarks/tprojection_agreement.py
	$(BIN)/python benchmarks/alignment.py --equality --pairs 2000
	$(BIN)/python benchmarks/alignment.py --speed
	$(BIN)/python benchmarks/link_quality.py
	$(BIN)/python benchmarks/statistical_aligners.py
	$(BIN)/python benchmarks/solvers.py
	$(BIN)/python benchmarks/throughput.py --tagger
	$(BIN)/python benchmarks/throughput.py --translator --trained
	$(BIN)/python benchmarks/nllb_size.py
	$(BIN)/python benchmarks/small_translator.py
	$(BIN)/python benchmarks/directions.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/europarl.py
	$(BIN)/python benchmarks/intrinsic.py
	$(BIN)/python benchmarks/tune.py
	$(BIN)/python benchmarks/training_overhead.py
	$(BIN)/python benchmarks/publish_faults.py
	$(BIN)/python benchmarks/parsing.py --store build/parsing.jsonl
	$(BIN)/python benchmarks/distillation.py --store build/distillation.jsonl

clean:  ## remove the environment and what was made
	rm -rf $(VENV) build demo models *.egg-info .pytest_cache .ruff_cache .hypothesis
