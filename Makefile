# Two commands for newcomers: `make demo` and `make test`. Both set up .venv first, with uv where it is
# installed and with plain venv and pip where it is not.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: clerk-sdks environments hosts site bench bench-short bench-quick demo test test-lowest test-newest check check-files docs examples packages pictures recording dist sbom lock clean

demo: .venv/ready
	@$(BIN)/clerk-mcp demo

test: .venv/ready
	$(BIN)/python -m pytest -n 2 $(AGAIN)

check: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check
	$(BIN)/python -m release.build --check

# The generated parts first; every command must run, and every reference of the site must lead somewhere.
docs: .venv/ready .venv-docs/ready
	$(BIN)/python docs/generate.py
	EVERY_PAGE=1 $(BIN)/python -m pytest -n 2 tests/test_documents.py -k command_line
	@$(MAKE) --no-print-directory site

site: .venv-docs/ready
	.venv-docs/bin/sphinx-build -q -W --keep-going -n -E docs site

# What tests use where it is there, and skip where it cannot be had: other people's frameworks, Clerk's Node SDK. With
# it, two at once for they wait for the network, the environments of later steps, which try again and must have theirs.
environments:
	-@$(MAKE) --no-print-directory -k -j2 .venv-examples-mcp1/ready .venv-examples-mcp2/ready .clerk-node/ready \
		.venv-docs/ready .venv-lowest/ready

# The frameworks of other people, as clients of this server's own process; skipped where they cannot be installed.
examples: .venv/ready
	-@$(MAKE) --no-print-directory .venv-examples-mcp1/ready .venv-examples-mcp2/ready
	$(BIN)/python -m pytest -rs tests/e2e/test_examples.py

# Clerk's own SDKs, every method of each on the sandbox, and the tables of what came of them; the Node SDK is left out
# where npm cannot get it.
clerk-sdks: .venv/ready
	-@$(MAKE) --no-print-directory .clerk-node/ready
	$(BIN)/python -m pytest -q -rs tests/sandbox/test_clerk_sdk.py tests/sandbox/test_clerk_node_sdk.py
	@$(BIN)/python -W ignore -m tests.sandbox.clerk_sdks

.clerk-node/ready: tests/sandbox/clerk_node/package.json
	@mkdir -p .clerk-node && cp $< .clerk-node/package.json
	@npm install --prefix .clerk-node --no-package-lock --no-audit --no-fund --loglevel error
	@touch $@

# What people install, built, installed and used as they would: wheel, sdist, bundle.
packages: .venv/ready
	PACKAGES=1 $(BIN)/python -m pytest -rs tests/e2e/test_packages.py

# Real hosts, each started in a home of its own; skipped where npm and pip cannot get them. Writes the table of docs/hosts.md.
hosts: .venv/ready
	-@$(MAKE) --no-print-directory .hosts/ready
	REAL_HOSTS=1 $(BIN)/python -m pytest -rs tests/e2e/test_real_hosts.py tests/e2e/test_plugins.py
	$(BIN)/python docs/generate.py

# Their packages fetch the programs themselves in scripts, which npm no longer runs by itself.
.hosts/ready: tests/e2e/hosts/package.json tests/e2e/hosts/requirements.txt
	@mkdir -p .hosts && cp $< .hosts/package.json
	@$(PYTHON) -m venv .hosts/venv && .hosts/venv/bin/pip install --quiet -r tests/e2e/hosts/requirements.txt
	@npm install --prefix .hosts --no-audit --no-fund --loglevel error
	@cd .hosts && node node_modules/@anthropic-ai/claude-code/install.cjs && node node_modules/opencode-ai/postinstall.mjs \
		&& node node_modules/@ampcode/cli/install.cjs
	@touch $@

# Runs the first minutes of somebody new, from the built wheel, and writes down what the terminal showed.
recording: .venv/ready
	$(BIN)/python docs/recording.py

# Takes the pictures of pages that the documents show; with Playwright, and Chromium as the system has it.
pictures: .venv/ready
	$(BIN)/python docs/pictures.py

# Wheel, sdist, the MCP bundle (with Node) and server.json, each checked; into dist/.
dist: .venv/ready
	@$(BIN)/python -m release.build

# What the image is made of, part by part, in CycloneDX.
sbom: .venv-checks/ready
	@mkdir -p dist
	.venv-checks/bin/cyclonedx-py requirements requirements-image.lock --pyproject pyproject.toml \
		--output-reproducible -o dist/clerk-mcp.cdx.json

# Workflows, containers, manifests and CI's own script, by the tools that know them; a warning is an error.
check-files: .venv-checks/ready
	PATH="$(CURDIR)/.venv-checks/bin:$$PATH" actionlint .github/workflows/*.yml
	.venv-checks/bin/zizmor --offline --no-progress --quiet .github
	.venv-checks/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	.venv-checks/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	.venv-checks/bin/hadolint deploy/Dockerfile
	.venv-checks/bin/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	.venv-checks/bin/kubernetes-validate --strict deploy/kubernetes/clerk-mcp.yaml
	.venv-checks/bin/shellcheck .ci/run

# $(call fill,ENVIRONMENT,LOCK,PYTHON): make an environment with what a lock holds, each file compared with its hash.
# A lock is whole, so nothing is looked up beside it: older versions of pip would want a hash for pydantic[email] too.
define fill
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(3) $(1) && \
		uv pip install --quiet --python $(1)/bin/python --no-deps -r $(2); \
	else \
		$(3) -m venv $(1) && \
		$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $(2); \
	fi
endef

# $(call add_ours,ENVIRONMENT): install this checkout, editable, with the build tool that the lock holds.
define add_ours
	@if command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --python $(1)/bin/python --no-build-isolation --no-deps -e .; \
	else \
		$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .; \
	fi
	@touch $@
endef

.venv/ready: pyproject.toml requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 …")'
	$(call fill,.venv,requirements-dev.lock,$(PYTHON))
	$(call add_ours,.venv)

.venv-lowest/ready: pyproject.toml requirements-lowest.lock
	$(call fill,.venv-lowest,requirements-lowest.lock,$(PYTHON))
	$(call add_ours,.venv-lowest)

.venv-newest/ready: pyproject.toml requirements-dev.lock
	$(call fill,.venv-newest,requirements-dev.lock,$(PYTHON))
	$(call add_ours,.venv-newest)

.venv-%/ready: requirements-%.lock
	$(call fill,.venv-$*,$<,$(PYTHON))
	@touch $@

# On what else people install it: the lowest versions that pyproject.toml allows, and a newer Python, as in
# make test-newest PYTHON=python3.14. Left out is what only rules of our own decide, the same on all versions.
OURS_ALONE := tools/test_search tools/test_view_properties tools/test_views server/test_answers server/test_audit \
	server/test_conditions server/test_days_tasks server/test_drift server/test_hints server/test_known_fields \
	server/test_large_answers server/test_list_all server/test_names server/test_narrowed_answers \
	server/test_other_platforms server/test_person server/test_policy server/test_previews server/test_questions \
	server/test_run_each server/test_secrets server/test_together server/test_trail_screens server/test_turns
ACROSS := -n 2 tests/tools tests/server tests/test_architecture.py tests/e2e/test_stdio.py \
	tests/e2e/test_wire.py $(patsubst %,--ignore=tests/%.py,$(OURS_ALONE))
test-lowest: .venv-lowest/ready
	.venv-lowest/bin/python -m pytest $(ACROSS) $(AGAIN)

test-newest: .venv-newest/ready
	.venv-newest/bin/python -m pytest $(ACROSS) $(AGAIN)

# OPENAPI names the document that the generated peers are made from; the README's figures take Clerk's own.
bench: .venv/ready
	$(BIN)/python -m bench.run $(if $(OPENAPI),--openapi $(OPENAPI))

bench-short: .venv/ready
	$(BIN)/python -m bench.run --short $(if $(OPENAPI),--openapi $(OPENAPI))

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
	for group in build checks docs examples-mcp1 examples-mcp2; do \
		$(LOCK) --group pyproject.toml:$$group -o requirements-$$group.lock || exit 1; \
	done

clean:
	rm -rf .venv .venv-* .hosts .clerk-node site build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Ten thousand calls through the client, and a run over 5 000 items that is killed three times, with faults: no write
# runs twice, and every outcome is told truly.
.PHONY: soak
soak: .venv/ready
	SOAK_CALLS=10000 RUN_SOAK_ITEMS=5000 $(BIN)/python -m pytest tests/e2e/test_soak.py tests/e2e/test_run_soak.py
