# Commands for containers, included by the Makefile.

# The number of replicas for `make docker-scale`; if empty, it does not change.
BACKEND ?=
FRONTEND ?=
# The service for docker-logs, docker-restart and docker-ps; all services if empty.
SERVICE ?=

## Containers
docker-build: ## Build the images
	@exec scripts/containers build backend frontend nginx backup

docker-build-frontend: ## Build the frontend's image
	@exec scripts/containers build frontend

docker-build-backend: ## Build the API's image
	@exec scripts/containers build backend

docker-up: ## Build and start everything, wait until healthy, print the addresses (APP=example)
	@exec scripts/containers up

docker-down: ## Stop and remove the containers; keep data and secrets
	@exec scripts/containers down

docker-logs: ## Follow the logs (one service: SERVICE=backend)
	@exec scripts/containers logs $(SERVICE)

docker-restart: ## Restart the containers (one service: SERVICE=backend)
	@exec scripts/containers restart $(SERVICE)

docker-ps: ## List the containers and their health
	@exec scripts/containers ps $(SERVICE)

docker-scale: ## Change the number of replicas: BACKEND=3 FRONTEND=2
	@exec scripts/containers scale "$(BACKEND)" "$(FRONTEND)"

docker-deploy: ## Build or pull the images and replace the running ones without a failed request
	@exec scripts/containers deploy

docker-release: ## Build, tag and push the images: TAG=1.2.3 IMAGE_PREFIX=registry.example.com/
	@exec scripts/containers release

docker-rotate-secret: ## Rotate the generated SECRET_KEY without signing anyone out
	@exec scripts/containers rotate-secret

docker-forget-secret: ## Delete the previous SECRET_KEY, seven days after its rotation (YES=1: now)
	@exec scripts/containers forget-secret

docker-backup: ## Back up the database of the containers to backups/ (or BACKUPS=…)
	@exec scripts/backup compose create

docker-restore: ## Replace the data of the containers with a backup: FILE=… (asks first; YES=1 skips)
	@exec scripts/backup compose restore "$(FILE)"

docker-restore-drill: ## Test the newest backup: restore it into a separate database, sign in, delete it
	@exec scripts/backup compose drill

sbom: ## Write the bill of materials and licenses of each image to .build/sbom
	@exec scripts/containers sbom

docker-clean: ## Delete containers, images, data, secrets and backups in the volume (asks first)
	@exec scripts/containers clean

test-containers: ## Test the images and the whole site in containers (COLD=1: delete the build cache first)
	@exec scripts/test-containers $(PYTEST)

test-upgrade: ## Test the upgrade from the previous release (builds its images if they are missing)
	@scripts/build-release-before
	@exec scripts/test-containers -k upgrade $(PYTEST)
