# Everything a person or CI runs. `make help` lists it; each target is one command, so CI can time it.
.DEFAULT_GOAL := help
.PHONY: help run test check audit clients agents bench soak prices format \
	check-ruff check-types check-dashboard-types check-imports check-templates

VENV_PYTHON = .venv/bin/python

# Hundreds of tests start Python processes: without bytecode each compiles our sources again.
unexport PYTHONDONTWRITEBYTECODE

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: ## Start WatchLLM on this machine (ARGS=--bare: the edge and its stores alone)
	@tools/bootstrap.sh $(if $(filter pyodide workerd,$(WATCHLLM_EDGE_HOST)),dev,run)
	@PYTHONPATH=tools exec $(VENV_PYTHON) -m local_stack --env-file .env $(ARGS)

manage: ## Run a command of the local stack's manage.py (ARGS="stripe_sync --dry-run")
	@tools/bootstrap.sh run
	@PYTHONPATH=tools exec $(VENV_PYTHON) -m local_stack.manage --env-file .env -- $(ARGS)

# More than the processors: many tests wait for time limits. One file alone needs no second process.
TEST_WORKERS = $(if $(findstring .py,$(ARGS)),0,4)

test: ## Run every test (ARGS=… goes to pytest; -n 0: one at a time), installing what is missing first
	@tools/bootstrap.sh dev
	@tools/test_prerequisites.sh
	@$(VENV_PYTHON) -m pytest -n $(TEST_WORKERS) --dist loadgroup --no-loadscope-reorder $(ARGS)

check: ## Formatting, lint, types and import rules
	@tools/bootstrap.sh dev
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target --keep-going \
		check-dashboard-types check-types check-templates check-imports check-ruff

check-ruff:
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .

check-types:
	$(VENV_PYTHON) -m mypy shared/src worker/src tools/local_stack tools/lua_calls

check-dashboard-types:
	cd dashboard && ../$(VENV_PYTHON) -m mypy --config-file mypy.ini .

check-imports:
	PYTHONPATH=shared/src:worker/src:dashboard .venv/bin/lint-imports --config .importlinter

check-templates:
	$(VENV_PYTHON) -m djlint --lint --quiet dashboard

prices: ## Rewrite the price table from genai-prices (ARGS=--check: only say what would change)
	@tools/bootstrap.sh dev
	@PYTHONPATH=tools $(VENV_PYTHON) -m prices $(ARGS)

audit: ## Known weaknesses in what the lock files name; says what it could not examine, and fails
	@tools/bootstrap.sh run
	@$(VENV_PYTHON) -m venv .watchllm/audit
	@.watchllm/audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/audit.txt
	@.watchllm/audit/bin/python tools/audit.py

format: ## Format and fix what can be fixed
	@tools/bootstrap.sh dev
	$(VENV_PYTHON) -m ruff check --fix .
	$(VENV_PYTHON) -m ruff format .

clients: ## Try real SDKs and coding agents through the edge (ARGS=names; installs them, needs npm)
	@tools/bootstrap.sh run
	@PYTHONPATH=tools exec $(VENV_PYTHON) -m clients $(ARGS)

agents: ## The same for the coding agents alone
	@tools/bootstrap.sh run
	@PYTHONPATH=tools exec $(VENV_PYTHON) -m clients --agents $(ARGS)

bench: ## Measure on this machine; ratios are what counts (ARGS=… goes to the benchmark)
	@tools/bootstrap.sh dev
	@PYTHONPATH=shared/src:worker/src:dashboard:tools:. exec $(VENV_PYTHON) -m benchmarks $(ARGS)

soak: ## Mixed traffic under a schedule of faults, 30 minutes (ARGS="--hours 8 --seed 7"); then invariants
	@tools/bootstrap.sh dev
	@PYTHONPATH=shared/src:worker/src:dashboard:tools:. exec $(VENV_PYTHON) -m benchmarks.soak $(ARGS)
