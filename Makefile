# Every command of the project. `make` alone lists them.
# Settings may be given behind any of them: make dev BROWSER_PORT=8081 EXTERNAL_PORT=6667

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Where `make openapi-export` writes.
OUTPUT ?= .build/openapi.json
# More arguments for pytest: make test-browser PYTEST="-k register"
PYTEST ?=
# 1: `make db-reset` does not ask.
YES ?=
export YES

## Development
dev: ## Run the whole site here, with live reload, until Ctrl-C
	@exec scripts/dev

build: ## Build both programs (debug)
	@scripts/install-tools build
	@swift build

test: ## Run all tests: Swift, from outside through nginx, in the browser
	@exec scripts/test -- $(PYTEST)

test-swift: ## Run the unit and integration tests only
	@exec scripts/test swift

test-outside: ## Run only the tests that come from outside, through nginx
	@exec scripts/test outside -- $(PYTEST)

test-browser: ## Run the tests in Chromium only
	@exec scripts/test browser -- $(PYTEST)

test-coverage: ## Run the Swift tests and show how much of each source they reach
	@exec scripts/coverage

## Quality
lint: ## Check everything that can be checked without running it
	@exec hooks/lint

format: ## Bring Swift and shell sources into the one form
	@scripts/install-tools lint
	@swift format format --in-place --parallel --recursive Sources Tests Package.swift
	@hooks/shell-files | xargs -r shfmt -i 4 -w

typecheck: ## Compile everything, tests included; warnings are errors
	@scripts/install-tools build
	@swift build --build-tests

## Database
db-init: ## Make the development database, with its tables
	@exec scripts/database init

db-migrate: ## Apply the migrations that are missing
	@exec scripts/database migrate

db-rollback: ## Take back the last migration
	@exec scripts/database rollback

db-status: ## List the migrations and whether they are applied
	@exec scripts/database status

db-reset: ## Delete all data and start afresh (asks first; YES=1 does not)
	@exec scripts/database reset

db-shell: ## Open psql
	@exec scripts/database shell

include docker/docker.mk

## Utilities
env-check: ## Check all settings without starting anything
	@scripts/install-tools build database
	@swift build
	@exec scripts/with-settings scripts/env-check

openapi-export: ## Write the API's description to $(OUTPUT)
	@scripts/install-tools build
	@swift build --product AuthAPI
	@mkdir -p "$(dir $(OUTPUT))"
	@"$$(swift build --show-bin-path)/AuthAPI" openapi >"$(OUTPUT)"
	@echo "Written to $(OUTPUT)"

clean: ## Delete what was built; the development database stays
	@swift package clean
	@rm -rf .build/python .build/tests .build/postgres-test
	@find Tests -name __pycache__ -prune -exec rm -rf {} +

help: ## List the commands
	@awk 'BEGIN { FS = ":.*## " } \
		/^## / { printf "\n%s\n", substr($$0, 4) } \
		/^[a-z][a-z-]*:.*## / { printf "  make %-21s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: $(shell awk -F: '/^[a-z][a-z-]*:.*## / { print $$1 }' Makefile)
