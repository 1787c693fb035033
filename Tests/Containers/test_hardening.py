"""How the containers run, according to the engine."""

from pathlib import Path

import containers
import pytest

SERVICES = ["secrets", "migrate", "postgres", "backend", "frontend", "nginx"]
SERVERS = ["postgres", "backend", "frontend", "nginx"]


@pytest.mark.parametrize("service", SERVICES)
def test_containers_run_without_privileges(stack, service):
    """C3: Not root, read-only, no capabilities, no privilege escalation, bounded memory and processes."""
    container = stack.container(service)
    host = container["HostConfig"]
    user = container["Config"]["User"].split(":")[0]
    assert user.isdigit() and user != "0"
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"] and not host["CapAdd"] and not host["Privileged"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert 0 < host["Memory"] <= 1024**3 and 0 < host["PidsLimit"] <= 256


@pytest.mark.parametrize("service", SERVERS)
def test_server_processes_have_no_privileges(stack, service):
    """C3: The kernel's state of each server's first process."""
    process = stack.container(service)["State"]["Pid"]
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    assert "0" not in status["Uid"].split()
    assert [int(status[kind], 16) for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")] == [0] * 5
    assert status["NoNewPrivs"] == "1"


@pytest.mark.parametrize("service", SERVERS)
def test_servers_are_healthy_restart_and_limit_their_logs(stack, service):
    """C5, C9: Each is healthy, restarts after a crash, and cannot fill the disk with logs."""
    container = stack.container(service)
    host = container["HostConfig"]
    assert container["State"]["Health"]["Status"] == "healthy"
    assert container["RestartCount"] == 0
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["LogConfig"]["Type"] == "json-file"
    assert {"max-size", "max-file"} <= set(host["LogConfig"]["Config"])


def test_only_nginx_publishes_ports(stack):
    """C4, N2: Both ports lead to nginx, at the configured address; no other service publishes a port."""
    for service in SERVICES:
        published = stack.container(service)["NetworkSettings"]["Ports"] or {}
        bound = {port: bindings for port, bindings in published.items() if bindings}
        if service == "nginx":
            assert bound == {
                "6666/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(stack.external_port)}],
                "8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(stack.browser_port)}],
            }
        else:
            assert bound == {}


def test_postgres_is_in_an_internal_network_only(stack):
    """C7: nginx and the frontend share no network with PostgreSQL, whose network has no route outside."""
    site, database = f"{stack.project}-network", f"{stack.project}_database"
    expected = {"postgres": {database}, "backend": {site, database}, "frontend": {site}}
    expected["nginx"] = {site, f"{stack.project}_application"}
    expected["migrate"] = {site, database}
    for service, networks in expected.items():
        assert set(stack.container(service)["NetworkSettings"]["Networks"]) == networks
    assert [network["Internal"] for network in containers.inspect(site, database)] == [False, True]


def test_nginx_cannot_reach_postgres(stack):
    """C7: A connection attempt fails, by name and by address."""
    address = stack.container("postgres")["NetworkSettings"]["Networks"][f"{stack.project}_database"]["IPAddress"]
    for host in ("postgres", address):
        done = stack.compose(
            "exec", "-T", "nginx", "curl", "--silent", "--connect-timeout", "2", f"telnet://{host}:5432", check=False
        )
        # 6: unknown name; 7: no connection; 28: timeout.
        assert done.returncode in (6, 7, 28)
