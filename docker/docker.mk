# The commands for containers; the Makefile includes this file.

# How many of each server `make docker-scale` runs.
BACKEND ?= 1
FRONTEND ?= 1
# The services that docker-logs, docker-restart and docker-ps are about; all of them unless said.
SERVICE ?=

## Containers
docker-build: ## Build the three images
	@exec scripts/containers build backend frontend nginx

docker-build-frontend: ## Build the frontend's image
	@exec scripts/containers build frontend

docker-build-backend: ## Build the API's image
	@exec scripts/containers build backend

docker-up: ## Build, start everything, wait until it is healthy, print the addresses
	@exec scripts/containers up

docker-down: ## Stop and remove the containers; data and secrets stay
	@exec scripts/containers down

docker-logs: ## Follow the logs (of one service: SERVICE=backend)
	@exec scripts/containers logs $(SERVICE)

docker-restart: ## Restart the containers (of one service: SERVICE=backend)
	@exec scripts/containers restart $(SERVICE)

docker-ps: ## List the containers and their health
	@exec scripts/containers ps $(SERVICE)

docker-scale: ## Run several of each server: BACKEND=3 FRONTEND=2
	@exec scripts/containers scale "$(BACKEND)" "$(FRONTEND)"

docker-deploy: ## Build or pull the images, replace the servers and nginx' configuration; no request fails
	@exec scripts/containers deploy

docker-release: ## Build, tag and push the images: TAG=1.2.3 IMAGE_PREFIX=registry.example.com/
	@exec scripts/containers release

docker-rotate-secret: ## Rotate the generated SECRET_KEY; nobody is signed out, no request fails
	@exec scripts/containers rotate-secret

docker-forget-secret: ## Delete the former SECRET_KEY, seven days after its rotation (YES=1: at once)
	@exec scripts/containers forget-secret

docker-backup: ## Write a backup of the containers' database and its checksum into backups (or BACKUPS=…)
	@exec scripts/backup compose create

docker-restore: ## Put a backup in place of the containers' data: FILE=… (asks first; YES=1 does not)
	@exec scripts/backup compose restore "$(FILE)"

docker-restore-drill: ## Restore the newest backup beside the data, sign in with it, remove it again
	@exec scripts/backup compose drill

sbom: ## Write what is in each image, with its licences, to .build/sbom
	@exec scripts/containers sbom

docker-clean: ## Remove containers, images, data and secrets (asks first; YES=1 does not)
	@exec scripts/containers clean

test-containers: ## Test the images and the whole site in containers
	@exec scripts/test-containers $(PYTEST)
