# Every command of the project. `make` alone lists them.
# Settings may be given behind any of them, or in the environment: make dev BROWSER_PORT=8081 EXTERNAL_PORT=6667

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# What programs print is read by others; it must not depend on the language of whoever runs them.
export LC_ALL := C.UTF-8

# Where `make openapi-export` writes.
OUTPUT ?= .build/openapi.json
# More arguments for pytest: make test-browser PYTEST="-k register"
PYTEST ?=
# What the migration that `make db-new` begins does: make db-new NAME=add_nickname
NAME ?=
# The least share of lines, in percent, that `make test-coverage` lets pass.
COVERAGE_FLOOR ?= 90
# 1: the commands that delete or replace data do not ask.
YES ?=
# Where backups are kept, and the one to restore.
BACKUPS ?= $(CURDIR)/backups
FILE ?=
# What `make clean` leaves in .build. (`swift package clean` would take the development database along.)
KEPT := dev postgres-* hooks repositories checkouts artifacts workspace-state.json
export COVERAGE_FLOOR YES BACKUPS

## Development
dev: ## Run the whole site here, with live reload, until Ctrl-C (OAUTH=demo: stand-in providers)
	@exec scripts/dev

dev-backend: ## Run the database and the API alone, with live reload
	@exec scripts/dev backend

dev-frontend: ## Run the frontend alone, with live reload; it asks the API at API_URL
	@exec scripts/dev frontend

build: ## Build both programs (debug)
	@scripts/install-tools build
	@swift build

test: ## Run all tests: Swift, hooks, from outside through nginx, in the browser
	@exec scripts/test -- $(PYTEST)

test-swift: ## Run the unit and integration tests only
	@exec scripts/test swift

test-outside: ## Run only the tests that come from outside, through nginx
	@exec scripts/test outside -- $(PYTEST)

test-browser: ## Run the tests in Chromium only
	@exec scripts/test browser -- $(PYTEST)

test-hooks: ## Run the tests of the hooks and of this Makefile only
	@exec scripts/test hooks -- $(PYTEST)

faults: ## Break the database and the servers under load; print what clients saw and what was lost
	@exec scripts/test faults -- $(PYTEST)

test-coverage: ## Run the Swift tests and show how many lines of each source they reach
	@exec scripts/coverage

## Quality
check: ## Check everything: settings, lint, types, tests
	@$(MAKE) env-check
	@$(MAKE) lint
	@$(MAKE) typecheck
	@$(MAKE) test

lint: ## Run the checks of a commit on all files
	@exec hooks/lint

format: ## Bring Swift, shell, CSS and JavaScript into the one form
	@scripts/install-tools lint
	@hooks/files | xargs -r -d '\n' hooks/run hooks/format
	@hooks/run hooks/settings --write

typecheck: ## Compile everything, tests included; warnings are errors
	@scripts/install-tools build
	@swift build --build-tests

install-hooks: ## Have git run the checks before each commit and push
	@scripts/install-tools lint
	@hooks/run pre-commit install

pre-commit: ## Run the checks of a commit on what is staged
	@scripts/install-tools lint
	@hooks/run pre-commit run

## Benchmarks
bench: ## Measure requests a second beside what this machine allows (about 10 minutes)
	@exec scripts/bench peak

bench-overload: ## Measure what becomes of ten times too much, of slow and of idle clients
	@exec scripts/bench overload

bench-soak: ## Draw the memory of the servers over ten minutes at full load
	@exec scripts/bench soak

## Database
db-init: ## Make the development database, with its tables
	@exec scripts/database init

db-migrate: ## Apply the migrations that are missing
	@exec scripts/database migrate

db-rollback: ## Take back the last migration
	@exec scripts/database rollback

db-status: ## List the migrations and whether they are applied
	@exec scripts/database status

db-new: ## Begin a migration (NAME=what_it_does)
	@exec scripts/new-migration "$(NAME)"

db-reset: ## Delete all data and start afresh (asks first; YES=1 does not)
	@exec scripts/database reset

db-shell: ## Open psql
	@exec scripts/database shell

db-backup: ## Write a backup and its checksum into backups (or BACKUPS=…)
	@exec scripts/backup here create

db-restore: ## Put a backup in place of the data: FILE=… (asks first; YES=1 does not)
	@exec scripts/backup here restore "$(FILE)"

db-restore-drill: ## Restore the newest backup beside the data, sign in with it, remove it again
	@exec scripts/backup here drill

doctor: ## Check settings, secrets, database and providers; say what to mend
	@exec scripts/database doctor

include docker/docker.mk

## Utilities
env-check: ## Check all settings without starting anything
	@scripts/install-tools build database
	@swift build
	@exec scripts/with-settings scripts/env-check

openapi-export: ## Write the API's description to a file (OUTPUT=…)
	@scripts/install-tools build
	@swift build --product AuthAPI
	@mkdir -p "$(dir $(OUTPUT))"
	@"$$(swift build --show-bin-path)/AuthAPI" openapi >"$(OUTPUT).part"
	@mv "$(OUTPUT).part" "$(OUTPUT)"
	@echo "Written to $(OUTPUT)"

screenshots: ## Take the pictures of README.md anew (into docs/)
	@exec scripts/screenshots

clean: ## Delete what was built; development database, its secrets, hooks' tools, dependencies stay
	@rm -rf .build/postgres-test
	@if [[ -d .build ]]; then \
		find .build -mindepth 1 -maxdepth 1 $(foreach name,$(KEPT),! -name '$(name)') -exec rm -rf {} +; \
	fi
	@find Tests -name __pycache__ -prune -exec rm -rf {} +

help: ## List the commands
	@awk 'BEGIN { FS = ":.*## " } \
		/^## / { printf "\n%s\n", substr($$0, 4) } \
		/^[a-z][a-z-]*:.*## / { printf "  make %-21s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: $(shell awk -F: '/^[a-z][a-z-]*:.*## / { print $$1 }' $(MAKEFILE_LIST))

.DEFAULT:
	@printf "make: there is no command '%s'; make alone lists them all\n" '$@' >&2
	@exit 2
