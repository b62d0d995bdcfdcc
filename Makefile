# Everything here needs only python3 (3.11 or newer) and make; the first call sets up .venv.
# With Node on the machine, the example's page, GraphiQL's files and the JavaScript clients come too.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m
NPM := $(shell command -v npm 2>/dev/null)
STAMPS := $(VENV)/stamps
# What depends on the database and the channel layer runs on PostgreSQL too.
ON_POSTGRES := $(wildcard tests/test_servers.py tests/changes tests/live tests/transport tests/faults tests/oracle)
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install assets test test-sqlite test-postgres test-next oracle soak cov lint format types demo bench bench-schema proof clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMPS)/python  ## Create .venv with the package (editable) and all tools

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, $$($(PYTHON) --version) came: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --upgrade "pip>=25.1"
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/python: $(STAMPS)/venv pyproject.toml
	$(RUN) pip install --quiet --editable . --group dev
	@touch $@

# Third-party JavaScript is fetched from the npm registry when something is built, never committed.
$(STAMPS)/%: %/package-lock.json $(STAMPS)/venv
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(@D) && touch $@

ifeq ($(NPM),)
assets:
	@echo "No npm on this machine: GraphiQL and the example's page stay unbuilt (they say so themselves)."
CLIENTS :=
else
assets: $(STAMPS)/graphiql  ## Build GraphiQL's files from the npm registry
CLIENTS := $(if $(wildcard tests/clients/package-lock.json),$(STAMPS)/tests/clients)
PAGE := $(if $(wildcard example/frontend/package-lock.json),$(STAMPS)/page)
endif

# Only the downloading is npm's; the script says which packages and checks each.
$(STAMPS)/graphiql: drf_live_graphql/transport/graphiql_assets.py $(STAMPS)/venv
	$(BIN)/python $<
	@touch $@

$(STAMPS)/page: $(STAMPS)/example/frontend $(shell find example/frontend -path '*/node_modules' -prune -o -type f -print 2>/dev/null)
	cd example/frontend && npm run --silent build
	@touch $@

test: test-sqlite test-postgres  ## Run all tests, on SQLite and on PostgreSQL, with a real Redis

test-sqlite: install assets $(CLIENTS) $(PAGE)  ## ... on SQLite only
	$(RUN) pytest $(PYTEST_ARGS)

test-postgres: install assets $(CLIENTS) $(PAGE)  ## ... what depends on the database, on PostgreSQL
	TEST_DATABASE=postgres $(RUN) pytest $(PYTEST_ARGS) $(ON_POSTGRES)

test-next:  ## Run the tests on the newest Python found and the newest Django
	@tests/next.sh $(VENV)-next

oracle: install  ## Compare live clients with REST for a long time (ORACLE_EXAMPLES=400)
	ORACLE_EXAMPLES=$${ORACLE_EXAMPLES:-400} $(RUN) pytest tests/oracle $(PYTEST_ARGS)
	ORACLE_EXAMPLES=$${ORACLE_EXAMPLES:-400} TEST_DATABASE=postgres $(RUN) pytest tests/oracle $(PYTEST_ARGS)

soak: install  ## Subscribe, change and unsubscribe for a long time; memory must stay flat (SOAK_CYCLES=10000)
	SOAK_CYCLES=$${SOAK_CYCLES:-10000} $(RUN) pytest --timeout 3600 tests/live/test_flat.py $(PYTEST_ARGS)
	SOAK_PAUSE=$${SOAK_PAUSE:-60} $(RUN) pytest tests/faults/test_redis_faults.py -k held_back $(PYTEST_ARGS)

cov: install assets $(CLIENTS) $(PAGE)  ## Run the tests with branch coverage
	$(RUN) pytest --cov --cov-report=term --cov-report=html $(PYTEST_ARGS)

lint: install  ## Check style and formatting
	$(RUN) ruff check
	$(RUN) ruff format --check

format: install  ## Mend style and formatting where that is safe
	$(RUN) ruff check --fix
	$(RUN) ruff format

types: install  ## Check types (mypy --strict)
	$(RUN) mypy

demo: install assets $(PAGE)  ## Serve the example and print its addresses and accounts
	$(BIN)/python example/manage.py demo

bench: install  ## Measure the fan-out of one change to 1,000 subscribers (see benchmarks/README.md)
	$(RUN) benchmarks.fanout

proof: install  ## Make published packages live and compare them with their REST APIs (docs/published-apis.md)
	$(RUN) benchmarks.published

bench-schema: install  ## Measure how long a schema of 200 ViewSets takes, beside drf-spectacular
	$(RUN) benchmarks.schema_cost

clean:  ## Remove what the other targets made
	rm -rf $(VENV) $(VENV)-next .mypy_cache .pytest_cache .ruff_cache .hypothesis htmlcov .coverage* dist
	find . -name node_modules -prune -exec rm -rf {} +
