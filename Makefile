# make demo: the main job on the example; make test: all checks. Both set up .venv by themselves.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint clean

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@

demo: .venv/ready
	@examples/demo.sh $(BIN)/unshim

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check codemods migrate tests
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -q -n auto --cov --cov-report=term

clean:
	rm -rf .venv
