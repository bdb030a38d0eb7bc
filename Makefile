# make run   install what running needs, then train the `quick` recipe on real digits and say where it would place
# make test  install what testing needs, then check format, lint, types and tests
# make test-long  what costs minutes beside that: every attack, real entries, notebooks
# make test-examples  ten times as many examples of each property
# make test-lowest  the tests of rooms that need no tool of developers, with the lowest versions that pyproject.toml allows, in .venv-lowest
# make check  lint, types and the fast tests, after every change
# Paths here are relative, so that a checkout whose path has spaces works too.

PYTHON ?= python3
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt
OUT ?= runs/quick

# Compiled modules are kept, whatever the shell says: each of a thousand processes would compile them again. What is
# imported is compiled then; to compile all of torch and scipy at once takes half of the set-up.
export PYTHONDONTWRITEBYTECODE :=

CHECKS := check-types check-format check-ruff check-imports check-javascript
# Rooms of functions that train nothing, open no browser and no sandbox: a minute of processor time together
FAST := bundle contest data engines ranking scorecard sharing test_archive.py test_face.py test_limits.py test_rooms.py \
  test_strict_json.py test_text.py
# Rooms whose tests need none of the developers' own libraries
LOWEST := bundle contest data program ranking scorecard training test_archive.py test_face.py test_text.py

.PHONY: run test test-long test-examples test-lowest check setup system lint $(CHECKS) docs clean

setup: .venv/installed

# What running needs. Without a GPU on Linux, PyTorch's CPU build spares gigabytes of CUDA, where its server can be reached.
.venv/running: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("FlowLeague needs Python 3.11 or newer; name one with: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	@[ "$$(uname -s)" != Linux ] || command -v nvidia-smi >/dev/null || \
	  $(PIP) --timeout 5 --retries 0 --index-url https://download.pytorch.org/whl/cpu torch 2>/dev/null || true
	$(PIP) --editable '.[train]'
	touch $@

# And what testing needs
.venv/installed: .venv/running
	$(PIP) --editable '.[dev]'
	touch $@

run: .venv/running
	$(PY) -m flowleague train quick --out $(OUT) --resume
	$(PY) -m flowleague generate $(OUT) --out $(OUT)/samples.png --force
	$(PY) -m flowleague reconstruct $(OUT) --out $(OUT)/reconstructions.png --force
	$(PY) -m flowleague score $(OUT)

lint: setup
	@$(MAKE) --no-print-directory --keep-going -j2 $(CHECKS)

check-types:
	$(PY) -m pyright --pythonpath $(PY)

check-format:
	$(PY) -m ruff format --check .

check-ruff:
	$(PY) -m ruff check .

check-imports:
	.venv/bin/lint-imports --no-cache

check-javascript: node_modules/installed
	node_modules/.bin/tsc -p tests/javascript/board.json
	node_modules/.bin/tsc -p tests/javascript/live.json

node_modules/installed: package.json package-lock.json
	@command -v npm >/dev/null || { echo "The check of the JavaScript needs npm: apt-get install npm" >&2; exit 1; }
	npm ci --silent --no-audit --no-fund
	touch node_modules/installed

system:
	@tests/system.sh

# worksteal keeps neighbours together, and so makes what a file's tests share once
test: system lint
	$(PY) -m pytest -n 2 --dist worksteal

check: lint
	$(PY) -m pytest -n 2 --dist worksteal $(FAST:%=tests/%)

test-long: system setup .venv/engines
	$(PY) -m pytest -n 2 --dist worksteal -m long

# What clusters and a bucket need: 200 MB, for the long tests alone
.venv/engines: .venv/installed
	$(PIP) --editable '.[ray,s3]' 'moto[s3]' flask flask-cors  # moto's server is an S3
	touch $@

test-examples: system setup
	$(PY) -m pytest -n 2 --dist worksteal -m "hypothesis and not long" --hypothesis-profile many

# Old libraries warn about new ones beside them, which is no fault of ours
test-lowest: system .venv-lowest/installed
	.venv-lowest/bin/python -m pytest -n 2 --dist worksteal -W ignore::DeprecationWarning -W ignore::FutureWarning $(LOWEST:%=tests/%)

.venv-lowest/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt hypothesis jsonschema pytest pytest-xdist torch uv
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct --editable '.[report,share,train]'
	touch .venv-lowest/installed

docs: setup
	$(PY) -m sphinx -q -W --keep-going -b html docs docs/_build

clean:
	rm -rf .venv .venv-lowest runs docs/_build
