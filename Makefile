# What is run by hand and by CI. Each target sets itself up first, and only when something changed.
#
#   make PYTHON=/path/to/python3   choose the interpreter (3.11 or newer)

.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL = /bin/sh

# Relative on purpose: a checkout's path may hold blanks.
venv = .venv
bin = $(venv)/bin
locked = $(venv)/requirements.lock
installed = $(venv)/installed
compile = $(bin)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url
pip = $(bin)/python -m pip --disable-pip-version-check --quiet --quiet
pythons = $(if $(PYTHON),"$(PYTHON)",python3.14 python3.13 python3.12 python3.11 python3)
fitness = import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: $(installed) ## serve the API on this machine, on a PostgreSQL of its own
	@$(bin)/python -m devtools.serve

.PHONY: dev
dev: $(installed) ## serve front end and API together, with Better Auth for real (needs Node)
	@$(bin)/python -m devtools.serve_all

# USER is in every environment: only the one given to make counts.
.PHONY: token
token: export SUBJECT = $(if $(filter command line,$(origin USER)),$(USER),alice)
token: $(installed) ## print a token to try the API with: make token USER=alice
	@$(bin)/python -m devtools.token "$$SUBJECT"

.PHONY: verify
verify: $(installed) ## prove the spec: scenarios, contract, fuzz, isolation, then the report
	$(bin)/specwitness verify

.PHONY: deep
deep: $(installed) ## fuzz the service in depth from ten seeds: no 5xx, every documented status came
	@$(bin)/python -m tests.deep

# The base of CI is in its environment: BASE counts from there too.
.PHONY: contract
contract: export BASE := $(BASE)
contract: $(installed) ## hold the contract against its base, by default main: make contract BASE=REV
	@base="$$(.ci/contract_base.sh)"; \
	if [ -z "$$base" ]; then \
		echo 'make: no base to compare the contract with: no origin/main, and no commit before this one' >&2; \
		exec $(bin)/specwitness contract; \
	fi; \
	exec $(bin)/specwitness contract --base "$$base"

.PHONY: isolation
isolation: $(installed) ## play the isolation matrix on a real PostgreSQL: operation, caller, row, answer
	@$(bin)/python -m tests.isolation.show

# Side by side, each with a PostgreSQL of its own: on one that is given there is one set of roles, so in turn.
workers = $(if $(DATABASE_URL),0,auto)

.PHONY: test
test: $(installed) ## run the tests, with coverage by branch: make test workers=0 runs them in turn
	@$(bin)/python -m coverage erase
	$(bin)/python -m coverage run -m pytest -p xdist --numprocesses $(workers) --maxprocesses 4 \
		--dist loadgroup --no-loadscope-reorder
	@$(bin)/python -m coverage combine --quiet
	$(bin)/python -m coverage report

.PHONY: check
check: $(installed) ## lint, formatting, types, directions of imports, spelling, drift of features and locks
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/python -m mypy
	$(bin)/lint-imports
	$(bin)/codespell
	$(bin)/specwitness derive --check
	$(bin)/python -m pytest --quiet tests/unit/test_lock.py

.PHONY: front-end
front-end: ## lint, type and test the front end by itself (needs Node and its packages: cd frontend && npm ci)
	cd frontend && npm run --silent check && npm test --silent

.PHONY: format
format: $(installed) ## format the code and fix what the linter can
	$(bin)/ruff check --fix
	$(bin)/ruff format

.PHONY: features
features: $(installed) ## derive the feature files from the specs
	$(bin)/specwitness derive

.PHONY: bench
bench: $(installed) ## run the benchmarks
	$(bin)/python -m benchmarks

.PHONY: falsify
falsify: $(installed) ## take every check of the verifier away in turn, and see a test turn red
	$(bin)/python -m tests.falsifiers
	$(bin)/python -m tests.e2e.falsify

.PHONY: lock
lock: $(installed) ## pin the requirements of pyproject.toml anew
	$(compile) pyproject.toml --group dev --output-file requirements.lock
	$(compile) --group backend --output-file backend/requirements.txt

.PHONY: clean
clean: ## remove what was built, and the data of make run
	rm -rf frontend/.next frontend/node_modules
	rm -rf $(venv) build dist .run .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .schemathesis
	find backend devtools specwitness tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The copy of the lock is written last: an environment without it is half-made, and is made anew.
# Messages go to stderr: a token is read from stdout.
$(locked): requirements.lock
	@if cmp -s requirements.lock $(locked); then touch $(locked); exit 0; fi; \
	for python in $(pythons); do \
		if "$$python" -c '$(fitness)' 2>/dev/null; then break; fi; \
		python=; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'make: no Python 3.11 or newer with venv found: install one (Debian: python3-venv), or name it: make PYTHON=...' >&2; \
		exit 1; \
	fi; \
	echo "make: setting up $(venv) with $$("$$python" --version), about a minute" >&2; \
	rm -rf $(venv) && \
	"$$python" -m venv $(venv) && \
	$(pip) install --require-hashes --requirement requirements.lock >&2 && \
	cp requirements.lock $(locked).new && \
	mv $(locked).new $(locked)

$(installed): $(locked) pyproject.toml
	@$(pip) install --no-index --no-deps --no-build-isolation --editable . >&2
	@touch $(installed)
