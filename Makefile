# The commands of the README. Everything installs into .venv by itself.
.PHONY: help demo up test lint types imports web migrate bench chaos clean install install-dev

PYTHON ?= python3
BIN := .venv/bin
TESTS ?= tests
MODE ?= team
SEED ?= 1
RUNS ?= 100

help:
	@echo "make demo     a whole study on real data: train, compare, fold, certify, predict"
	@echo "make up       the service, staying up, at http://127.0.0.1:8700"
	@echo "make test     lint, types, import rules and all tests"
	@echo "make bench    timings, written to benchmarks/results"
	@echo "make chaos    a service under random faults, and an audit: MODE=embedded SEED=1 RUNS=100"
	@echo "make web      build the web page"
	@echo "make migrate  bring the database of REALSPIKE_DATABASE_URL up to date"

install:
	@PYTHON=$(PYTHON) tools/install.sh worker

install-dev:
	@PYTHON=$(PYTHON) tools/install.sh dev

demo: install
	@$(BIN)/python -m client.demo

up: install
	@$(BIN)/python web/build.py --install-node || echo "realspike: going on without the web page"
	@$(BIN)/realspike up

web: install
	@$(BIN)/python web/build.py --install-node

migrate: install
	@$(BIN)/python -m server.storage.migrations

lint: install-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/python web/build.py --install-node
	@$(BIN)/python web/build.py run lint typecheck

types: install-dev
	@$(BIN)/mypy

imports: install-dev
	@$(BIN)/lint-imports

test: lint types imports
	@tools/browser.sh
	@$(BIN)/python web/build.py run test
	@$(BIN)/python -m pytest --cov --cov-report=term:skip-covered $(TESTS)

bench: install-dev
	@$(BIN)/python -m benchmarks

chaos: install-dev
	@$(BIN)/python -m chaos --mode $(MODE) --seed $(SEED) --runs $(RUNS)

clean:
	rm -rf .venv .venv-bench .realspike web/node_modules web/dist
