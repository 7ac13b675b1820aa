# Everything a fresh machine needs is Python (3.11 or newer), make and git.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OLDER := $(VENV)/duckdb-1.5
# In the order of the files: those of few and long tests would otherwise come last, and one core wait for the other.
# One more process than there are cores: many tests wait, for a browser, a server or another process.
ALL_CORES := --numprocesses $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --dist loadfile --no-loadscope-reorder
DASHBOARD ?= yes
# Whatever the shell says: the tests start hundreds of processes, none of which should compile the same files anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo test check older chromium sdk-conformance lock clean

help:
	@echo "make demo               route a simulated month, report on it, open the dashboard (DASHBOARD=no: do not serve)"
	@echo "make test               lint, types, import contracts and the whole suite"
	@echo "make older              the tests of the ledger on DuckDB 1.5"
	@echo "make install            build $(VENV) with everything"
	@echo "make sdk-conformance    the SDK's own tests, with the SDK alone and with the router in its place"
	@echo "make lock               renew requirements.lock"

install: $(READY)

# A build that was cut off leaves no $(READY), and then the next one starts from nothing.
$(READY): requirements.lock pyproject.toml
	@test -e $@ || rm -rf $(VENV)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "$(PYTHON) -m venv failed: install Python 3.11 or newer with venv (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { rm -rf $(VENV); \
	  echo "found $$($(PYTHON) --version), expected Python 3.11 or newer: make PYTHON=python3.11 ..." >&2; exit 1; }
	@echo "installing into $(VENV) ..."
	@$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: install
	@$(BIN)/tollgate demo
	@test "$(DASHBOARD)" = no || $(BIN)/tollgate --demo dashboard

# Pyright has one core, and leaves the others to the older DuckDB.
test: install chromium
	@$(MAKE) --no-print-directory --jobs check older
	@$(BIN)/pytest $(ALL_CORES)

check: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports

# The ledger on the older of the two versions of DuckDB that it is made for.
LEDGER_TESTS := $(addprefix tests/analytics/test_,ledger.py versions.py ingest.py rollup.py reports.py)

older: $(OLDER)/.ready
	@PYTHONPATH=$(CURDIR)/$(OLDER) $(BIN)/pytest $(ALL_CORES) --quiet $(LEDGER_TESTS)

$(OLDER)/.ready: requirements-duckdb-1.5.lock $(READY)
	@rm -rf $(OLDER)
	@$(BIN)/pip install --quiet --require-hashes --no-deps --target $(OLDER) --requirement requirements-duckdb-1.5.lock
	@touch $@

# What the browser tests drive: an installed Chromium, else Debian's where we are root, else Playwright's own.
chromium: install
	@command -v chromium > /dev/null || command -v chromium-browser > /dev/null || command -v google-chrome > /dev/null \
	  || { test "$$(id -u)" = 0 && command -v apt-get > /dev/null && apt-get update --quiet=2 \
	       && apt-get install --quiet=2 --yes --no-install-recommends chromium fonts-dejavu-core fonts-liberation; } \
	  || $(BIN)/playwright install chromium \
	  || { echo "no Chromium for the browser tests: install one (Debian: apt-get install chromium) and try again" >&2; exit 1; }

sdk-conformance: install
	@$(BIN)/python benchmarks/sdk_conformance.py

# The project itself, which its own extras name, is not a dependency.
lock: install
	@$(BIN)/python -m pip install --quiet pip-tools
	@$(BIN)/pip-compile --quiet --upgrade --all-extras --generate-hashes --strip-extras --allow-unsafe \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --no-header \
	  --no-annotate --output-file requirements.lock pyproject.toml
	@sed --in-place '/^#/d; /^tollgate /d' requirements.lock

clean:
	rm -rf $(VENV)
