# Everything runs in .venv, made from requirements.lock. `make demo` is the first thing to try, `make check test` the last.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 \
	&& $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCKED := requirements.lock

.PHONY: demo test kill-trials random-walks check bench catalogue readme lock clean
.DEFAULT_GOAL := demo

# What is downloaded is what the lock file names, hash by hash; the package itself is linked, not copied.
$(STAMP): $(LOCKED) pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name one with PYTHON=..." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what $(LOCKED) names into $(VENV)" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCKED)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

# The life of the smallest platform. Applying happens in a simulated cloud in a temporary folder, where there is a Pulumi CLI.
demo: $(STAMP)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh .ci/demo

test: $(STAMP)
	$(BIN)/python -m pytest -n auto

# Fifty-six times an apply or a destroy is killed at a random moment; `make test` has six of these. About 10 minutes.
kill-trials: $(STAMP)
	KILL_TRIALS=1 $(BIN)/python -m pytest tests/engine/test_kill.py

# Forty blueprints are changed at random, step by step; each plan has to be what the engine previews and does. `make test` has two. About half an hour.
random-walks: $(STAMP)
	RANDOM_WALKS=20 $(BIN)/python -m pytest -n auto tests/engine/test_random_changes.py

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mlinfra.commands._catalogue --check

bench: $(STAMP)
	$(BIN)/python -m bench

catalogue: $(STAMP)
	$(BIN)/python -m mlinfra.commands._catalogue

# The README shows what commands really write.
readme: $(STAMP)
	$(BIN)/python tests/docs/readme.py

# pip-tools is no dependency: it is only needed here.
lock: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-tools
	$(BIN)/python -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe --all-build-deps \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --extra dev -o $(LOCKED) pyproject.toml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
