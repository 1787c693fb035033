"""The settings: documented completely, and checked all at once (E1, E2)."""

import os
import re
import subprocess

import pytest
from site_under_test import ROOT, binary

# Variables that scripts or deployments set for nginx and Compose; see docker/nginx/render.
INTERNAL = {
    "NGINX_DIR",
    "NGINX_ERRORS",
    "NGINX_STATE",
    "NGINX_ACCESS_LOG",
    "NGINX_USER",
    "BACKEND_ADDRESS",
    "FRONTEND_ADDRESS",
    "APP_ADDRESS",
    "COMPOSE_PROJECT_NAME",
    "REVISION",
    # The example application of `make dev APP=example`.
    "EXAMPLE_PORT",
}
COMPLETE = {
    "PATH": os.environ["PATH"],
    "DATABASE_URL": "postgresql://yoshikosan@localhost/yoshikosan",
    "SECRET_KEY": "kX1vV0mUqk6J2m3m1m9Zb7yQw5d8Rk4TtYpLs0Ae",
    "API_URL": "http://127.0.0.1:8000",
}


def documented() -> list[str]:
    """The names in .env.example, commented defaults included."""
    return re.findall(r"^#?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def read_by_the_programs() -> tuple[set[str], set[str]]:
    """The names that the Swift programs read, and those of them that are secret."""
    source = (ROOT / "Sources/Shared/Server/SettingName.swift").read_text()
    names = dict(re.findall(r'case (\w+) = "([A-Z0-9_]+)"', source))
    secrets = re.findall(r"\.(\w+)", re.search(r"case ([^:=]*):\s+true", source).group(1))
    return set(names.values()), {names[each] for each in secrets}


def read_by_nginx() -> set[str]:
    """The names that docker/nginx/render reads, without those that only scripts set."""
    text = "".join(file.read_text() for file in (ROOT / "docker/nginx").glob("render*"))
    return set(re.findall(r"\$\{([A-Z_]+):-", text)) - INTERNAL


def read_by_compose() -> set[str]:
    """The names that compose.yml reads, without those that Compose or a script sets."""
    names = set(re.findall(r"\$\{([A-Z0-9_]+)", (ROOT / "compose.yml").read_text())) - INTERNAL
    # .env.example has the settings of one OpenID provider; the others have the same names with a number.
    return {re.sub(r"^OIDC_[2-9]_", "OIDC_", name) for name in names}


def read_by_backups() -> set[str]:
    """The names that the backup commands read."""
    texts = [file.read_text() for file in [ROOT / "scripts/backup", *ROOT.glob("scripts/lib/backup-*.sh")]]
    return set(re.findall(r"\bBACKUP(?:S|_[A-Z]+)\b", "\n".join(texts)))


def test_e1_the_example_names_exactly_the_settings_that_are_read():
    names = documented()
    assert len(names) == len(set(names)), "a name is there twice"
    programs, secrets = read_by_the_programs()
    files = {f"{name}_FILE" for name in secrets}
    assert set(names) == programs | files | read_by_nginx() | read_by_compose() | read_by_backups()


@pytest.mark.parametrize("file", ["compose.yml", "docker/stack.yml"])
def test_e1_every_openid_provider_has_the_same_settings(file):
    names = set(re.findall(r"\$\{(OIDC_[A-Z0-9_]+)", (ROOT / file).read_text()))
    first = {name.removeprefix("OIDC_") for name in names if not re.match(r"OIDC_\d", name)}
    assert first == {name.removeprefix("OIDC_") for name in documented() if name.startswith("OIDC_")}
    assert names == {f"OIDC_{number}{name}" for number in ["", *(f"{n}_" for n in range(2, 10))] for name in first}


def test_e1_the_scripts_set_nothing_that_is_not_documented():
    known = set(documented()) | INTERNAL
    for file in [*ROOT.glob("scripts/*"), *ROOT.glob("scripts/lib/*")]:
        if file.is_file():
            assert set(re.findall(r"^ *default ([A-Z_]+) ", file.read_text(), re.MULTILINE)) <= known


def test_e1_every_reader_reads_the_values_in_the_same_way():
    for line in (ROOT / ".env.example").read_text().splitlines():
        assert re.fullmatch(r"(#( .*)?|#?[A-Z][A-Z0-9_]*=[^\"'# ]*|)", line), line


def check(program: str, **settings: str) -> subprocess.CompletedProcess:
    """Runs a program's check-config with these settings only."""
    return subprocess.run([binary(program), "check-config"], env=settings, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("program", ["AuthAPI", "WebFrontend"])
def test_e2_complete_settings_pass(program):
    result = check(program, **COMPLETE)
    assert result.returncode == 0, result.stderr


def test_e2_five_wrong_settings_give_five_lines_and_status_78():
    wrong = {
        "API_PORT": "eighty",
        "SECRET_KEY": "changeme",
        "PUBLIC_URL": "localhost",
        "DATABASE_POOL_SIZE": "0",
        "LOG_LEVEL": "LOUD",
    }
    result = check("AuthAPI", **COMPLETE | wrong)
    assert result.returncode == 78
    lines = result.stderr.splitlines()
    assert len(lines) == 5
    assert {line.split(":")[0] for line in lines} == set(wrong)
    assert "changeme" not in result.stdout + result.stderr


def test_e2_serve_exits_with_78_on_wrong_settings():
    for program, name in (("AuthAPI", "API_PORT"), ("WebFrontend", "FRONTEND_PORT")):
        result = subprocess.run(
            [binary(program), "serve"], env=COMPLETE | {name: "0.5"}, capture_output=True, text=True, timeout=30
        )
        assert result.returncode == 78
        assert result.stderr.startswith(f"{name}:")


@pytest.mark.parametrize("user", ["", "nobody"])
def test_n1_the_workers_of_nginx_run_as_root_only_if_configured(tmp_path, user):
    environment = {"PATH": os.environ["PATH"], "NGINX_USER": user}
    subprocess.run([ROOT / "scripts/nginx", tmp_path], env=environment, check=True)
    users = re.findall(r"^user (.*);$", (tmp_path / "local/main.conf").read_text(), re.MULTILINE)
    assert users == ([user] if user else [])


def test_n1_nginx_accepts_folders_with_spaces(tmp_path):
    folder = tmp_path / "a clone"
    folder.mkdir()
    for file in (ROOT / "nginx.conf", *(ROOT / "docker/nginx").glob("*.conf")):
        (folder / file.name).symlink_to(file)
    environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin", "NGINX_DIR": str(folder), "NGINX_STATE": str(folder)}
    environment |= {"BACKEND_ADDRESS": "127.0.0.1:8000", "FRONTEND_ADDRESS": "127.0.0.1:3000"}
    subprocess.run([ROOT / "docker/nginx/render"], env=environment, check=True)
    check_only = ["nginx", "-t", "-q", "-e", "stderr", "-c", str(folder / "nginx.conf")]
    result = subprocess.run(check_only, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EXTERNAL_PORT", "0"),
        ("BROWSER_PORT", "http"),
        ("BROWSER_PORT", "6666"),
        ("CREDENTIAL_RATE", "-1"),
        ("CREDENTIAL_BURST", "many"),
        ("CREDENTIAL_RATE", "08"),
        ("CREDENTIAL_BURST", "0300"),
        ("EXTERNAL_PORT", "08080"),
        ("TRUSTED_PROXIES", "10.0.0.0/8; deny all"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,10.0.0.0/33"),
        ("TRUSTED_PROXIES", "10.0.0.256"),
        ("TRUSTED_PROXIES", "10.0.0/8"),
        ("TRUSTED_PROXIES", "fd00::/129"),
    ],
)
def test_e2_wrong_nginx_settings_are_rejected(tmp_path, name, value):
    environment = {"PATH": os.environ["PATH"], "NGINX_DIR": str(tmp_path), name: value}
    result = subprocess.run([ROOT / "docker/nginx/render"], env=environment, capture_output=True, text=True)
    assert result.returncode == 78
    assert name in result.stderr


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://日本語.jp", None),
        ("https://xn--wgv71a119e.jp", None),
        ("https://日本語。jp:8443/", None),
        ("http://[::1]:8080", None),
        ("https://日本 語.jp", "U+0020"),
        ("https://日本語.jp/login", "no path"),
        ("日本語.jp", "must begin with https://"),
        ("https://xn--zzzzzzzz99.jp", "not the ASCII form"),
        ("https://1.2.3", "not an IPv4 address"),
    ],
)
def test_w34_both_programs_accept_and_reject_the_same_urls(url, reason):
    output = []
    for program in ("AuthAPI", "WebFrontend"):
        result = subprocess.run(
            [binary(program), "check-config"],
            env=COMPLETE | {"PUBLIC_URL": url, "ALLOWED_ORIGINS": f"https://app.example,{url}"},
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert result.returncode == (78 if reason else 0), result.stderr
        output.append(result.stderr)
    assert output[0] == output[1]
    if reason:
        assert [line.split(":")[0] for line in output[0].splitlines()] == ["PUBLIC_URL", "ALLOWED_ORIGINS"]
        assert output[0].count(reason) == 2


def test_w8_both_programs_reject_an_invalid_list_of_peers():
    for program in ("AuthAPI", "WebFrontend"):
        result = subprocess.run(
            [binary(program), "check-config"],
            env=COMPLETE | {"TRUSTED_PEERS": "10.0.0.0/8,*"},
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert result.returncode == 78
        assert result.stderr.startswith('TRUSTED_PEERS: "*" is neither an IP address nor a range')
