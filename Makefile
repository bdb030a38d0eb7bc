# make run   set up, then train the `quick` recipe on real digits and say where it would place
# make test  set up, then check format, lint, types and tests
# Paths here are relative, so that a checkout whose path has spaces works too.

PYTHON ?= python3
PY := .venv/bin/python
OUT ?= runs/quick

.PHONY: run test setup lint docs clean

setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("FlowLeague needs Python 3.11 or newer; name one with: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch .venv/installed

run: setup
	$(PY) -m flowleague train quick --out $(OUT) --resume
	$(PY) -m flowleague generate $(OUT) --out $(OUT)/samples.png --force
	$(PY) -m flowleague reconstruct $(OUT) --out $(OUT)/reconstructions.png --force
	$(PY) -m flowleague score $(OUT)

lint: setup
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	.venv/bin/lint-imports --no-cache
	$(PY) -m pyright --pythonpath $(PY)

test: lint
	$(PY) -m pytest -n 2

docs: setup
	$(PY) -m sphinx -q -W --keep-going -b html docs docs/_build

clean:
	rm -rf .venv runs docs/_build
