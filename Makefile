# `make help` lists the targets.  PYTHON=python3.13 on any of them picks the interpreter (3.11 or newer).
.DEFAULT_GOAL := help
.PHONY: help setup run serve test checked float64 float32 test-bounds campaign lint format bench lock changelog clean

export PYTHON
# Kept bytecode spares every process that a test starts a third of a second of reading sources.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv from requirements.lock and install actinf into it (nothing to do: milliseconds)
	@tools/setup

run: setup ## run the T-maze with 1,000 agents: summary, trace, plots and a report
	$(BIN)/actinf run tmaze --agents 1000

serve: setup ## serve the API on http://127.0.0.1:8000, to programs on this machine only, without keys
	$(BIN)/actinf serve --insecure-local

# A test that hangs, on a browser that answers nobody any more, fails by its name and ends nobody's patience.
NO_TEST_HANGS := -o faulthandler_timeout=300 -o faulthandler_exit_on_timeout=true

# The linters come first, so that pytest's summary is what the eye, or a CI, finds last.
test: checked ## check the code, then run all tests
	$(BIN)/pytest -n auto --maxprocesses 8 --cov --cov-fail-under=90 $(NO_TEST_HANGS)

# Where nothing is cached, mypy and the kernels' compiler take half a minute of a core each time.
checked: setup
	@$(MAKE) --no-print-directory -j 2 lint float64 float32

float64 float32: setup
	@$(BIN)/python -c "from actinf.agent.loop import run_job; run_job.compiled('$@')"

# Checked code is compiled otherwise: a session and a batch then agree to the last place but one, not to the last.
test-bounds: setup ## run the engine's tests with every index checked (minutes: the kernels are compiled anew)
	NUMBA_BOUNDSCHECK=1 ACTINF_CACHE_DIR="$${TMPDIR:-/tmp}/actinf-bounds" $(BIN)/pytest -n auto --maxprocesses 4 \
		-k "not is_a_session" tests/inference tests/planning tests/learning tests/agent tests/envs tests/lab/test_simulate.py

# One after another, and alone on the machine: they measure.
campaign: setup ## the long tests of the service: kills, restarts, faults (an hour)
	$(BIN)/pytest -s tests/campaign

lint: setup ## style, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: setup ## put the code into the house's form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python tools/write_blocking_client.py
	$(BIN)/python tools/write_reference.py
	$(BIN)/python tools/write_settings.py
	$(BIN)/python tools/write_alerts.py
	$(BIN)/python tools/write_dashboards.py

bench: setup ## the engine's benchmark
	$(BIN)/actinf bench

# Hashes for every platform and every Python that pyproject.toml admits; no registry's address.
lock: ## write requirements.lock, and the image's, anew from pyproject.toml; UPGRADE=--upgrade takes the newest versions
	@test -x $(BIN)/uv || tools/setup
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --no-annotate --all-extras --group dev $(UPGRADE) \
		--output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --no-annotate --extra serve --extra respond --extra blas \
		--constraint requirements.lock --output-file deploy/image/requirements.lock pyproject.toml
	$(BIN)/pytest --quiet --no-header tests/test_house.py

changelog: setup ## show what the next release's section of CHANGELOG.md would say
	$(BIN)/towncrier build --draft --version next

clean: ## remove the environment, builds and caches, but no run
	rm -rf .venv build dist .coverage htmlcov .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
