# Each target makes what it needs: a virtual environment in .venv, and the build backends that the tests use
# in .cache/wheelhouse, and the clients that judge the embedded services in .cache/clients. All of them come from the
# locks in requirements/.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WHEELHOUSE := .cache/wheelhouse
CLIENTS := .cache/clients
EXAMPLE := build/examples/small
PYTEST := TAGSHIP_WHEELHOUSE=$(abspath $(WHEELHOUSE)) $(BIN)/python -m pytest

.PHONY: help rehearse test test-all test-random lint bench lock docs site clean

help: ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(VENV)/ready: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(WHEELHOUSE)/ready: requirements/wheelhouse.txt $(VENV)/ready
	mkdir -p $(WHEELHOUSE)
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps \
		--only-binary :all: --dest $(WHEELHOUSE) -r requirements/wheelhouse.txt
	touch $@

$(CLIENTS)/ready: requirements/clients.txt $(VENV)/ready
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(CLIENTS)
	$(BIN)/uv pip install --quiet --python $(CLIENTS)/bin/python --require-hashes -r requirements/clients.txt
	touch $@

rehearse: $(VENV)/ready ## rehearse the release of an example and print the verdict
	$(BIN)/python scripts/example.py small $(EXAMPLE)
	$(BIN)/tagship rehearse $(EXAMPLE)

test: $(VENV)/ready $(WHEELHOUSE)/ready $(CLIENTS)/ready ## run the tests
	$(PYTEST) -n auto -p no:randomly -m "not slow"

test-all: $(VENV)/ready $(WHEELHOUSE)/ready $(CLIENTS)/ready ## run everything, with the tools that come from elsewhere
	scripts/install-tools.sh
	$(PYTEST) -n auto -p no:randomly

test-random: $(VENV)/ready $(WHEELHOUSE)/ready $(CLIENTS)/ready ## run the tests in random order
	$(PYTEST) -n auto -m "not slow" --hypothesis-profile random

lint: $(VENV)/ready ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/ready ## measure against the same work done by hand, and print the ratios
	$(BIN)/python benchmarks/rehearsal.py
	$(BIN)/python benchmarks/versions.py
	$(BIN)/python benchmarks/servers.py
	$(BIN)/python benchmarks/critical_path.py

docs: $(VENV)/ready ## write the reference pages again, from the code
	$(BIN)/python docs/generate.py

site: $(VENV)/ready ## build the documentation site in build/site
	$(BIN)/python scripts/documentation.py

lock: $(VENV)/ready ## write the locks again
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --upgrade pyproject.toml requirements/dev.in -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --upgrade requirements/wheelhouse.in -o requirements/wheelhouse.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --upgrade requirements/clients.in -o requirements/clients.txt

clean: ## remove everything that was made here
	rm -rf $(VENV) .cache build dist
