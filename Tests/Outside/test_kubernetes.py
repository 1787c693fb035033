"""The Kustomize base in packaging/kubernetes: rendered, validated by published schemas, compared with compose.yml."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from site_under_test import ROOT, binary
from test_compose_settings import reach
from test_settings import COMPLETE

BASE = ROOT / "packaging/kubernetes"
# From the oldest version in the documentation to the newest with schemas in the validator.
VERSIONS = ("1.30", "1.33", kubernetes_validate.latest_version())
# The services of compose.yml and the corresponding workloads.
WORKLOADS = {"migrate": "Job", "backend": "Deployment", "frontend": "Deployment", "nginx": "Deployment"}
SECRETS = {name for name in reach() if f"{name}_FILE" in reach()}
# Settings that the manifests fix, and those of Compose only.
FIXED = {"EXTERNAL_PORT", "BROWSER_PORT", "API_METRICS_PORT", "FRONTEND_METRICS_PORT"}
FIXED |= {"BIND_ADDRESS", "BACKEND_MEMORY", "IMAGE_PREFIX", "IMAGE_NAME", "TAG"}


def render(folder: Path) -> list[dict]:
    """The objects of a kustomization."""
    kubectl = Path(sys.executable).with_name("kubectl")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    run = subprocess.run([kubectl, "kustomize", folder], env=environment, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, ""), run.stderr
    return [each for each in yaml.safe_load_all(run.stdout) if each]


@pytest.fixture(scope="module")
def objects() -> list[dict]:
    return render(BASE)


def of_kind(objects: list[dict], kind: str) -> dict[str, dict]:
    return {each["metadata"]["name"]: each for each in objects if each["kind"] == kind}


def pods(objects: list[dict]) -> dict[str, dict]:
    """The specification of the pods of each workload."""
    workloads = of_kind(objects, "Deployment") | of_kind(objects, "Job")
    return {name: workload["spec"]["template"]["spec"] for name, workload in workloads.items()}


def container(objects: list[dict], name: str) -> dict:
    [one] = pods(objects)[name]["containers"]
    return one


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid(objects, version):
    for each in objects:
        kubernetes_validate.validate(each, version, strict=True)


def test_the_validator_rejects_a_misspelled_field(objects):
    """Otherwise the test above would prove nothing."""
    wrong = json.loads(json.dumps(of_kind(objects, "Deployment")["backend"]))
    wrong["spec"]["template"]["spec"]["containers"][0]["readinessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_everything_is_in_the_namespace_and_has_the_label(objects):
    for each in objects:
        if each["kind"] != "Namespace":
            assert each["metadata"]["namespace"] == "yoshikosan", each
        assert each["metadata"]["labels"]["app.kubernetes.io/part-of"] == "yoshikosan", each
    assert {name: kind for kind in ("Deployment", "Job") for name in of_kind(objects, kind)} == WORKLOADS
    [namespace] = of_kind(objects, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("name", WORKLOADS)
def test_pods_are_hardened_as_compose_hardens_containers(objects, name):
    pod, one = pods(objects)[name], container(objects, name)
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False and pod["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert one["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert one["resources"]["limits"]["memory"] and one["resources"]["requests"]["memory"]
    assert not [volume for volume in pod.get("volumes", []) if not {"secret", "emptyDir"} & volume.keys()]


def test_servers_have_probes_a_budget_and_a_rolling_update(objects):
    budgets = of_kind(objects, "PodDisruptionBudget")
    for name, deployment in of_kind(objects, "Deployment").items():
        one = container(objects, name)
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= one.keys()
        assert deployment["spec"]["replicas"] >= 2
        assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert budgets[name]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    # An unavailable database must not restart the pods.
    assert container(objects, "backend")["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container(objects, "backend")["readinessProbe"]["httpGet"]["path"] == "/health/ready"


@pytest.mark.parametrize("name", ["backend", "frontend"])
def test_a_pod_that_stops_serves_until_no_client_has_its_address(objects, name):
    """The Service is headless, so its clients have the address for as long as CoreDNS caches it: 30 seconds."""
    assert of_kind(objects, "Service")[name]["spec"]["clusterIP"] == "None"
    sleep = container(objects, name)["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert sleep >= 30 + 2
    # The server then completes its requests, for which Compose gives it 15 seconds.
    assert pods(objects)[name]["terminationGracePeriodSeconds"] >= sleep + 15


def test_the_images_are_those_of_the_release(objects):
    """The names and tags of all images are set in kustomization.yaml."""
    version = re.search('current = "(.+)"', (ROOT / "Sources/Shared/Version.swift").read_text())[1]
    images = {name: container(objects, name)["image"] for name in WORKLOADS}
    programs = {"migrate": "backend", "backend": "backend", "frontend": "frontend", "nginx": "nginx"}
    assert images == {
        name: f"registry.example.com/yoshikosan-{program}:{version}" for name, program in programs.items()
    }


def selects(selector: dict, name: str) -> bool:
    """Whether the selector of a policy selects the pods of a workload."""
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "yoshikosan"}
    matches = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return matches and all(labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", []))


def reachable(policies: dict[str, dict], source: str, target: str) -> bool:
    """Whether policies allow a connection between workloads: one for egress, one for ingress."""

    def allows(name: str, direction: str, peers: str, other: str) -> bool:
        return any(
            selects(peer["podSelector"], other)
            for policy in policies.values()
            if selects(policy["spec"]["podSelector"], name)
            for rule in policy["spec"].get(direction, [])
            for peer in rule.get(peers, [])
            if "podSelector" in peer
        )

    return allows(source, "egress", "to", target) and allows(target, "ingress", "from", source)


def test_network_policies_allow_only_the_documented_connections(objects):
    policies = of_kind(objects, "NetworkPolicy")
    assert policies["default-deny"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    allowed = {(source, target) for source in WORKLOADS for target in WORKLOADS if reachable(policies, source, target)}
    assert allowed == {("nginx", "backend"), ("nginx", "frontend"), ("frontend", "backend")}
    # A rule without peers allows all addresses: only PostgreSQL's port.
    open_ports = {
        (name, port["port"])
        for name, policy in policies.items()
        for rule in policy["spec"].get("egress", [])
        if "to" not in rule
        for port in rule["ports"]
    }
    assert open_ports == {("backend", 5432), ("migrate", 5432)}


def environment(objects: list[dict], name: str) -> dict[str, str]:
    """The environment of a container, as the kubelet builds it."""
    one = container(objects, name)
    maps = of_kind(objects, "ConfigMap")
    values = {}
    for source in one.get("envFrom", []):
        values |= maps[source["configMapRef"]["name"]]["data"]
    return values | {each["name"]: each["value"] for each in one.get("env", [])}


def expected() -> list[tuple[str, str]]:
    """The settings that Compose passes to the services of the base, without secrets."""
    return [
        (name, service)
        for name, services in sorted(reach().items())
        if name.removesuffix("_FILE") not in SECRETS | FIXED
        for service in sorted(services & WORKLOADS.keys())
    ]


@pytest.fixture(scope="module")
def marked(tmp_path_factory) -> list[dict]:
    """The base with a value for every setting in settings.env."""
    folder = tmp_path_factory.mktemp("kubernetes")
    for file in BASE.iterdir():
        (folder / file.name).write_text(file.read_text())
    names = {name for name, _ in expected()}
    (folder / "settings.env").write_text("".join(f"{name}=-{name.lower()}-\n" for name in sorted(names)))
    return render(folder)


@pytest.mark.parametrize(("name", "service"), expected())
def test_a_setting_reaches_the_same_containers_as_with_compose(marked, name, service):
    """.env.example lists the services; a new setting requires no change to a manifest."""
    assert environment(marked, service)[name] == f"-{name.lower()}-"


def test_settings_that_the_manifests_fix_are_set(objects):
    ports = {name for name in FIXED if name.endswith("_PORT")}
    for name in ports:
        for service in reach()[name] & WORKLOADS.keys():
            assert environment(objects, service)[name].isdigit(), (name, service)


def mounted(objects: list[dict], name: str) -> str | None:
    """The Secret mounted as the credentials folder of a container."""
    folder = environment(objects, name).get("CREDENTIALS_DIRECTORY")
    mounts = {each["mountPath"]: each["name"] for each in container(objects, name).get("volumeMounts", [])}
    volumes = {each["name"]: each for each in pods(objects)[name].get("volumes", [])}
    assert {name for name, volume in volumes.items() if "secret" in volume} <= {mounts.get(folder)}
    return volumes[mounts[folder]]["secret"]["secretName"] if folder else None


def test_only_the_programs_that_need_secrets_get_any(objects):
    """Each gets its own secrets only."""
    assert {name: mounted(objects, name) for name in WORKLOADS} == {
        "migrate": "yoshikosan-migrate", "backend": "yoshikosan-api", "frontend": None, "nginx": None,
    }  # fmt: skip
    page = (ROOT / "docs/kubernetes.md").read_text()
    assert {"yoshikosan-migrate", "yoshikosan-api"} == set(re.findall(r"create secret generic ([\w-]+)", page))


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_every_secret_reaches_a_container_that_needs_it(name):
    """Each belongs to a container with a Secret. test_systemd_units.py proves that the programs read its file."""
    services = reach()[f"{name}_FILE"]
    assert services & {"backend", "migrate"} or services == {"secrets"}, f"{name} has no place in the manifests"
    assert services.isdisjoint({"frontend", "nginx"})


def test_the_keys_in_the_documentation_are_accepted(tmp_path):
    """The API accepts a folder with the keys from the documentation."""
    page = (ROOT / "docs/kubernetes.md").read_text()
    keys = re.findall(r"--from-literal=(yoshikosan_\w+)=", page)
    assert set(keys) == {"yoshikosan_secret_key", "yoshikosan_database_url", "yoshikosan_migration_database_url"}
    for key in keys:
        (tmp_path / key).write_text(COMPLETE.get(key.removeprefix("yoshikosan_").upper(), COMPLETE["DATABASE_URL"]))
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    run = subprocess.run([binary("AuthAPI"), "check-config"], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
