# Two commands for newcomers: `make demo` and `make test`. Both set up .venv first, with uv where it is
# installed and with plain venv and pip where it is not.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check docs-check docs dist lock clean

demo: .venv/ready
	@$(BIN)/clerk-mcp demo

test: .venv/ready
	$(BIN)/python -m pytest

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check
	$(BIN)/python -m release.build --check

docs: .venv/ready
	$(BIN)/python docs/generate.py

# Wheel, sdist, the MCP bundle (with Node) and server.json, each checked; into dist/.
dist: .venv/ready
	@$(BIN)/python -m release.build

.venv/ready: pyproject.toml requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 …")'
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(PYTHON) .venv && \
		uv pip install --quiet --python $(BIN)/python -r requirements-dev.lock && \
		uv pip install --quiet --python $(BIN)/python --no-deps -e .; \
	else \
		$(PYTHON) -m venv .venv && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .; \
	fi
	@touch $@

# The versions that development and CI run on. Names and versions only: where they come from is each machine's own.
lock:
	uv pip compile --universal --python-version 3.11 --group dev pyproject.toml --no-header --no-annotate \
		--no-emit-index-url --upgrade -q -o requirements-dev.lock

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Ten thousand calls through the client, with faults: no write runs twice, and every outcome is told truly.
.PHONY: soak
soak: .venv/ready
	SOAK_CALLS=10000 $(BIN)/python -m pytest tests/e2e/test_soak.py
