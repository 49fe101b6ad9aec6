# Two commands for newcomers: `make demo` and `make test`. Both set up .venv first, with uv where it is
# installed and with plain venv and pip where it is not.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: bench bench-quick demo test check docs examples recording dist lock clean

demo: .venv/ready
	@$(BIN)/clerk-mcp demo

test: .venv/ready
	$(BIN)/python -m pytest -n 2

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check
	$(BIN)/python -m release.build --check

# The generated parts first; then the site, in which every reference must lead somewhere.
docs: .venv/ready .venv-docs/ready
	$(BIN)/python docs/generate.py
	.venv-docs/bin/sphinx-build -q -W --keep-going -n -E docs site

# The frameworks of other people, as clients of this server's own process; skipped where they cannot be installed.
examples: .venv/ready
	-@$(MAKE) --no-print-directory .venv-examples-mcp1/ready .venv-examples-mcp2/ready
	$(BIN)/python -m pytest -rs tests/e2e/test_examples.py

# Runs the first minutes of somebody new, from the built wheel, and writes down what the terminal showed.
recording: .venv/ready
	$(BIN)/python docs/recording.py

# Wheel, sdist, the MCP bundle (with Node) and server.json, each checked; into dist/.
dist: .venv/ready
	@$(BIN)/python -m release.build

.venv/ready: pyproject.toml requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 …")'
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(PYTHON) .venv && \
		uv pip install --quiet --python $(BIN)/python -r requirements-dev.lock && \
		uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e .; \
	else \
		$(PYTHON) -m venv .venv && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .; \
	fi
	@touch $@

.venv-%/ready: requirements-%.lock
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(PYTHON) .venv-$* && \
		uv pip install --quiet --python .venv-$*/bin/python -r $<; \
	else \
		$(PYTHON) -m venv .venv-$* && \
		.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check -r $<; \
	fi
	@touch $@

# OPENAPI names the document that the generated peers are made from; the README's figures take Clerk's own.
bench: .venv/ready
	$(BIN)/python -m bench.run $(if $(OPENAPI),--openapi $(OPENAPI))

bench-quick: .venv/ready
	$(BIN)/python -m bench.run --quick $(if $(OPENAPI),--openapi $(OPENAPI))

# The versions that development, CI and the image run on, with the hash of every file that may be taken for them.
# No host is named: where packages come from is each machine's own. LOCK_FLAGS= leaves versions that still fit.
LOCK_FLAGS ?= --upgrade
LOCK = uv pip compile --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
	--generate-hashes $(LOCK_FLAGS) -q
lock:
	$(LOCK) --extra cli --group dev pyproject.toml -o requirements-dev.lock
	$(LOCK) --extra otel pyproject.toml -o requirements-image.lock
	$(LOCK) --extra cli --extra otel --group test --resolution lowest-direct pyproject.toml -o requirements-lowest.lock
	for group in docs examples-mcp1 examples-mcp2; do \
		$(LOCK) --group pyproject.toml:$$group -o requirements-$$group.lock || exit 1; \
	done

clean:
	rm -rf .venv .venv-* site build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Ten thousand calls through the client, with faults: no write runs twice, and every outcome is told truly.
.PHONY: soak
soak: .venv/ready
	SOAK_CALLS=10000 $(BIN)/python -m pytest tests/e2e/test_soak.py
