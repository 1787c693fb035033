"""Fixtures of the tests in containers. The images are built by scripts/test-containers."""

import json
import subprocess
from pathlib import Path

import chromium
import containers
import mock_providers as mock_providers_module
import pytest
import site_under_test
from playwright.sync_api import sync_playwright

PROVIDERS = "providers.test"


@pytest.fixture(scope="session")
def stack():
    """The whole site, started as `docker compose up` starts it; tests leave it unchanged."""
    with containers.project() as running:
        running.up()
        yield running


@pytest.fixture(scope="session")
def gateway():
    """The address at which containers reach this machine."""
    with containers.host_address() as address:
        yield address


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> tuple[str, str]:
    """A self-signed certificate for the mock providers, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    paths = str(folder / "certificate.pem"), str(folder / "key.pem")
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subject = f"-subj /CN={PROVIDERS} -addext subjectAltName=DNS:{PROVIDERS} -out {paths[0]} -keyout {paths[1]}"
    subprocess.run(["openssl", *request.split(), *subject.split()], check=True, capture_output=True)
    return paths


@pytest.fixture(scope="session")
def mock_providers(gateway, certificate):
    """Mocks of the providers, at an address that containers can reach."""
    with mock_providers_module.running(gateway, PROVIDERS, certificate) as running:
        yield running


@pytest.fixture(scope="session")
def provider_settings(gateway, mock_providers, certificate, tmp_path_factory):
    """Returns the settings with which a project uses and trusts only the mock providers."""

    def settings(root: Path = containers.ROOT, **services: dict) -> dict[str, str]:
        override = tmp_path_factory.mktemp("compose") / "override.yml"
        backend = {
            "extra_hosts": [f"{PROVIDERS}:{gateway}"],
            "volumes": [f"{certificate[0]}:/etc/ssl/certs/ca-certificates.crt:ro"],
        }
        services["backend"] = backend | services.get("backend", {})
        override.write_text(json.dumps({"services": services}))
        return {"COMPOSE_FILE": f"{root}/compose.yml:{override}", **mock_providers.settings}

    return settings


@pytest.fixture(scope="module")
def browser(gateway):
    """Chromium, which can reach the mock providers."""
    arguments = [*chromium.OPTIONS["args"], f"--host-resolver-rules=MAP {PROVIDERS} {gateway}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.OPTIONS | {"args": arguments})
        yield browser
        browser.close()


@pytest.fixture
def registry(tmp_path):
    """The address of a registry on this machine."""
    (port,) = site_under_test.free_ports(1)
    configuration = tmp_path / "registry.yml"
    configuration.write_text(json.dumps({
        "version": 0.1, "log": {"level": "error"}, "http": {"addr": f"127.0.0.1:{port}"},
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "registry")}},
    }))
    program = subprocess.Popen(
        [*site_under_test.kill_on_parent_exit(), "docker-registry", "serve", configuration],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        site_under_test.wait_until(lambda: site_under_test.listens(port), "the registry listens")
        yield f"127.0.0.1:{port}"
    finally:
        program.terminate()
        program.wait(site_under_test.TIMEOUT_SECONDS)
