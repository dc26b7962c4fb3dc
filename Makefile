# The commands of this repository, for people and for CI. A target sets up .venv first if it is missing or outdated.
#
#   make PYTHON=/path/to/python3   choose the interpreter (3.11 or newer)

.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
SHELL = /bin/sh

# Relative paths, since the path of a checkout may contain spaces.
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
verify: $(installed) ## prove the spec: run scenarios, contract, fuzz and isolation, and write the report
	$(bin)/specwitness verify

.PHONY: deep
deep: $(installed) ## fuzz the service thoroughly with ten seeds (takes minutes)
	@$(bin)/python -m tests.deep

# CI sets BASE in the environment.
.PHONY: contract
contract: export BASE := $(BASE)
contract: $(installed) ## check the contract for breaking changes since main: make contract BASE=REV
	@base="$$(.ci/contract_base.sh)"; \
	if [ -z "$$base" ]; then \
		echo 'make: the contract is not compared: there is no origin/main and no previous commit' >&2; \
		exec $(bin)/specwitness contract; \
	fi; \
	exec $(bin)/specwitness contract --base "$$base"

.PHONY: isolation
isolation: $(installed) ## call all operations as different users on a real PostgreSQL, and print the responses
	@$(bin)/python -m tests.isolation.show

# Parallel workers start a PostgreSQL each. A server given by DATABASE_URL has one set of roles: a single process then.
workers = $(if $(DATABASE_URL),0,auto)

side_by_side = -p xdist --numprocesses $(workers) --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

# Before Python 3.14 the tests take three quarters more time while coverage is measured, so CI alone always does it.
coverage =

.PHONY: test
test: $(installed) ## run all tests but the slow ones: coverage=yes measures coverage, workers=0 runs them in turn
	$(if $(coverage),@$(bin)/python -m coverage erase)
	$(bin)/python -m $(if $(coverage),coverage run -m )pytest $(side_by_side) -m "not slow"
	$(if $(coverage),@$(bin)/python -m coverage combine --quiet)
	$(if $(coverage),$(bin)/python -m coverage report)

.PHONY: test-slow
test-slow: $(installed) ## run the slow tests alone: those marked slow, with the reason
	$(bin)/python -m pytest $(side_by_side) -m slow

.PHONY: test-all
test-all: test test-slow ## run every test

.PHONY: check
check: $(installed) ## check lint, format, types, import rules, spelling, feature files and lock files
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/python -m mypy
	$(bin)/lint-imports
	$(bin)/codespell
	$(bin)/specwitness derive --check
	$(bin)/python -m pytest --quiet tests/unit/test_lock.py

.PHONY: front-end
front-end: ## check and test the front end alone (needs Node and its packages: cd frontend && npm ci)
	cd frontend && npm run --silent check && npm test --silent

.PHONY: format
format: $(installed) ## format the code and fix what the linter can
	$(bin)/ruff check --fix
	$(bin)/ruff format

.PHONY: features
features: $(installed) ## generate the feature files from the specs
	$(bin)/specwitness derive

.PHONY: bench
bench: $(installed) ## run the benchmarks
	$(bin)/python -m benchmarks

.PHONY: falsify
falsify: $(installed) ## remove every check from the code in turn, and see a test fail (slow)
	$(bin)/python -m tests.falsifiers
	$(bin)/python -m tests.e2e.falsify

.PHONY: docs
docs: $(installed) ## write the pages, samples and pictures that are made from something else
	@$(bin)/python -m tests.pages

.PHONY: lock
lock: $(installed) ## update the lock files from pyproject.toml
	$(compile) pyproject.toml --group dev --output-file requirements.lock
	$(compile) --group backend --output-file backend/requirements.txt

.PHONY: clean
clean: ## remove build results, .venv, and the data of make run
	rm -rf frontend/.next frontend/node_modules
	rm -rf $(venv) build dist .run .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .schemathesis
	find backend devtools specwitness tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The copy of the lock file is written last: without it, the environment is incomplete and is created again.
# Messages go to stderr, since `make token` prints a token on stdout.
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
