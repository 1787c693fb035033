# All commands of the project; `make` lists them. Settings may follow a command or come from the environment:
# make dev BROWSER_PORT=8081 EXTERNAL_PORT=6667

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Scripts parse the output of programs, so it must not depend on the user's language.
export LC_ALL := C.UTF-8

# The file that `make openapi-export` writes.
OUTPUT ?= .build/openapi.json
# More arguments for pytest: make test-browser PYTEST="-k register"
PYTEST ?=
# The name of a new migration: make db-new NAME=add_nickname
NAME ?=
# The minimum coverage of lines, in percent, for `make test-coverage`.
COVERAGE_FLOOR ?= 90
# 1: commands that delete or replace data do not ask for confirmation.
YES ?=
# The file to restore or to accept.
FILE ?=
# Runs the checks of .pre-commit-config.yaml.
PRE_COMMIT := .build/hooks/bin/pre-commit
# The entries of .build that `make clean` keeps. (`swift package clean` would delete the development database.)
KEPT := dev postgres-* hooks repositories checkouts artifacts workspace-state.json
# A folder with built programs for `make deb`; empty: compile them for release.
FROM ?=
export COVERAGE_FLOOR YES FROM

## Development
dev: ## Run the site with live reload (OAUTH=demo: mock providers; APP=example)
	@exec scripts/dev

demo: ## Show the site with an example application, sample users and mock providers
	@exec scripts/dev demo

dev-backend: ## Run the database and the API with live reload
	@exec scripts/dev backend

dev-frontend: ## Run the frontend with live reload, using the API at API_URL
	@exec scripts/dev frontend

build: ## Build both programs (debug)
	@scripts/install-tools build
	@swift build

test: ## Run all tests: Swift, hooks, HTTP through nginx, browser, faults
	@exec scripts/test -- $(PYTEST)

test-swift: ## Run the Swift unit and integration tests
	@exec scripts/test swift

test-outside: ## Run the HTTP tests through nginx
	@exec scripts/test outside -- $(PYTEST)

test-browser: ## Run the browser tests in Chromium
	@exec scripts/test browser -- $(PYTEST)

test-hooks: ## Run the tests of the hooks and the Makefile
	@exec scripts/test hooks -- $(PYTEST)

faults: ## Inject faults into the database and the servers under load; report what clients see
	@exec scripts/test faults -- $(PYTEST)

test-coverage: ## Run the Swift tests and report the coverage of each source
	@exec scripts/coverage

## Quality
check: ## Run every check: settings, lint, types, tests
	@$(MAKE) env-check
	@$(MAKE) lint
	@$(MAKE) typecheck
	@$(MAKE) test

lint: ## Run the commit checks on all files
	@scripts/install-tools lint
	@$(PRE_COMMIT) run --all-files --hook-stage manual

format: ## Format all sources and update docs/configuration.md
	@scripts/install-tools lint
	@# The first run fails if it changes a file, the second if a file cannot be formatted.
	@$(PRE_COMMIT) run format --all-files >/dev/null || $(PRE_COMMIT) run format --all-files
	@hooks/settings --write

accept-secrets: ## Accept the values in a file that only look like secrets: FILE=…
	@[[ -f "$(FILE)" ]] || { echo "usage: make accept-secrets FILE=path" >&2; exit 2; }
	@scripts/install-tools lint
	@ACCEPT_SECRETS=1 $(PRE_COMMIT) run secrets --verbose --files "$(FILE)" || true
	@git diff --stat hooks/secrets.accepted

typecheck: ## Compile everything, including tests; warnings are errors
	@scripts/install-tools build
	@swift build --build-tests

release-check: ## Run all checks before a version is tagged (about an hour)
	@exec scripts/release-check

install-hooks: ## Install the git hooks that check each commit and push
	@scripts/install-tools lint
	@$(PRE_COMMIT) install --install-hooks

pre-commit: ## Run the commit checks on the staged files
	@scripts/install-tools lint
	@$(PRE_COMMIT) run

## Benchmarks
bench: ## Benchmark throughput against the limits of this machine (about 10 minutes)
	@exec scripts/bench peak

bench-overload: ## Benchmark overload and slow clients
	@exec scripts/bench overload

bench-app: ## Benchmark an application: directly, through nginx, and behind the sign-in
	@exec scripts/bench application

bench-soak: ## Plot the memory of the servers over ten minutes at full load
	@exec scripts/bench soak

## Database
db-init: ## Create the development database and its tables
	@exec scripts/database init

db-migrate: ## Apply pending migrations
	@exec scripts/database migrate

db-rollback: ## Revert the last migration (asks first; YES=1 skips)
	@exec scripts/database rollback

db-status: ## List migrations and their state
	@exec scripts/database status

db-new: ## Create a migration (NAME=what_it_does)
	@exec scripts/new-migration "$(NAME)"

db-reset: ## Delete all data and create the tables again (asks first; YES=1 skips)
	@exec scripts/database reset

db-shell: ## Open psql
	@exec scripts/database shell

db-backup: ## Back up the database to backups/ (or BACKUPS=…)
	@exec scripts/backup here create

db-restore: ## Replace the data with a backup: FILE=… (asks first; YES=1 skips)
	@exec scripts/backup here restore "$(FILE)"

db-restore-drill: ## Test the newest backup: restore it into a separate database, sign in, delete it
	@exec scripts/backup here drill

doctor: ## Check settings, secrets, database and providers; print how to fix problems
	@exec scripts/database doctor

include docker/docker.mk

## Utilities
env-check: ## Check all settings without starting anything
	@exec scripts/env-check

openapi-export: ## Write the OpenAPI document to a file (OUTPUT=…)
	@scripts/install-tools build
	@swift build --product AuthAPI
	@mkdir -p "$$(dirname "$(OUTPUT)")"
	@"$$(swift build --show-bin-path)/AuthAPI" openapi >"$(OUTPUT).part"
	@mv "$(OUTPUT).part" "$(OUTPUT)"
	@echo "Written to $(OUTPUT)"

deb: ## Build the Debian package (FROM=folder: use programs that are already built)
	@exec packaging/debian/build

screenshots: ## Regenerate the screenshots in docs/images
	@scripts/install-tools build serve python browser japanese
	@swift build --product WebFrontend
	@.build/python/bin/python Tests/Support/screenshots.py docs/images

clean: ## Delete build products; keep the development database, its secrets, tools and dependencies
	@rm -rf .build/postgres-test
	@if [[ -d .build ]]; then \
		find .build -mindepth 1 -maxdepth 1 $(foreach name,$(KEPT),! -name '$(name)') -exec rm -rf {} +; \
	fi
	@find Tests -name __pycache__ -prune -exec rm -rf {} +

help: ## List all commands
	@awk 'BEGIN { FS = ":.*## " } \
		/^## / { printf "\n%s\n", substr($$0, 4) } \
		/^[a-z][a-z-]*:.*## / { printf "  make %-21s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: $(shell awk -F: '/^[a-z][a-z-]*:.*## / { print $$1 }' $(MAKEFILE_LIST))

.DEFAULT:
	@printf "make: unknown command '%s'; run make to list all commands\n" '$@' >&2
	@exit 2
