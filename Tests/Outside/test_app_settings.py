"""The settings of the application: valid and invalid values, and the nginx configuration generated from them."""

import itertools
import os
import re
import subprocess

import pytest
from site_under_test import ROOT
from test_setting_values import render
from test_settings import COMPLETE, check

PROGRAMS = ["AuthAPI", "WebFrontend"]

# A value of APP_UPSTREAM and why it is rejected.
UPSTREAMS = {
    "http://a; } server { listen 1;": "not an address",
    "http://a;": "not an address",
    "http://a b": "not an address",
    "http://a{b": "not an address",
    "http://$host": "not an address",
    "http://${request_uri}": "not an address",
    "http://a/..": "not an address",
    "http://a/path": "not an address",
    "http://a?x": "not an address",
    "http://a#x": "not an address",
    "http://user@a:1": "not an address",
    "http://a:0": "not an address",
    "http://a:65536": "not an address",
    "http://a:port": "not an address",
    "http://a:": "not an address",
    "http://": "not an address",
    "http://a..b": "not an address",
    "http://-a": "not an address",
    "http://127.1": "not an address",
    "http://127.0.0.256": "not an address",
    "http://0x7f000001": "not an address",
    "http://.": "not an address",
    "http://::1": "not an address",
    "http://[::1": "not an address",
    "http://[::1]x": "not an address",
    "http://unix:/run/app.sock": "not an address",
    "unix:/run/app.sock": "not an address",
    "https://a": "not an address",
    "HTTP://a": "not an address",
    "app:3000": "not an address",
    "http://a'b": "not an address",
    'http://a"b': "not an address",
    "http://a\\b": "not an address",
    "http://a*": "not an address",
    "http://日本": "not an address",
    "http://a,http://b;": "not an address",
    "http://nginx:8080": "this system itself",
    "http://backend:8000": "this system itself",
    "http://frontend:3000": "this system itself",
    "http://Frontend.:3000": "this system itself",
}
CONTROL = {
    "http://a\nhttp://b": "a line break",
    "http://a\tb": "a tab",
    "http://a\x7f": "U+007F",
    "http://a\u200b": "U+200B",
}


def expect_rejected(folder, name: str, value: str, reason: str | None = None, programs=PROGRAMS, **others: str) -> None:
    """Checks that each program rejects a value with a sentence that begins with the setting's name."""
    for program in programs:
        result = check(program, **COMPLETE | others | {name: value})
        assert result.returncode == 78, f"{program} accepts {value!r}"
        # A list gets one line for each element.
        lines = [line for line in result.stderr.splitlines() if line.startswith(f"{name}: ")]
        assert lines and (reason is None or reason in lines[0])
    result, _ = render(folder, **others | {name: value})
    assert result.returncode == 78, f"nginx accepts {value!r}"
    assert result.stderr.startswith(f"nginx: {name} ") and len(result.stderr.splitlines()) <= 2
    assert reason is None or reason in result.stderr


@pytest.mark.parametrize("value", UPSTREAMS)
def test_app11_a_hostile_upstream_is_rejected(tmp_path, value):
    expect_rejected(tmp_path, "APP_UPSTREAM", value, UPSTREAMS[value])


@pytest.mark.parametrize("value", CONTROL)
def test_app11_an_upstream_with_invisible_characters_is_rejected(tmp_path, value):
    for program in PROGRAMS:
        result = check(program, **COMPLETE | {"APP_UPSTREAM": value})
        assert result.returncode == 78 and CONTROL[value] in result.stderr
    result, files = render(tmp_path, APP_UPSTREAM=value)
    # White space separates the servers of a list; each is checked.
    assert result.returncode == 78 or re.findall("server ([^ ;]*) max", files["servers.conf"])[2:] == ["a:80", "b:80"]


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        ({"PUBLIC_URL": "http://www.example.com"}, "http://www.example.com"),
        ({"PUBLIC_URL": "http://www.example.com"}, "http://WWW.example.com:80/"),
        ({"PUBLIC_URL": "https://www.example.com"}, "http://www.example.com:443"),
        ({"PUBLIC_URL": "http://localhost:9090"}, "http://localhost:9090"),
    ],
)
def test_app11_the_public_url_is_rejected_as_the_upstream(settings, value):
    for program in PROGRAMS:
        result = check(program, **COMPLETE | settings | {"APP_UPSTREAM": value})
        assert result.returncode == 78 and "APP_UPSTREAM: " in result.stderr and "this system itself" in result.stderr


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "127.0.0.1", "127.9.9.9", "[::1]", "0.0.0.0", "LOCALHOST", "x.localhost", "localhost.", "[::]",
        "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:FFFF:127.0.0.1]",
    ],
)  # fmt: skip
def test_app11_ports_of_our_own_servers_are_rejected_as_the_upstream(tmp_path, host):
    for program, name in (("AuthAPI", "API_PORT"), ("WebFrontend", "FRONTEND_PORT")):
        result = check(program, **COMPLETE | {name: "7000", "APP_UPSTREAM": f"http://{host}:7000"})
        assert result.returncode == 78 and "this system itself" in result.stderr
    for name in ("API_PORT", "FRONTEND_PORT", "EXTERNAL_PORT", "BROWSER_PORT"):
        result, _ = render(tmp_path, **{name: "7000", "APP_UPSTREAM": f"http://{host}:7000"})
        assert result.returncode == 78 and "this system itself" in result.stderr
    result, _ = render(tmp_path, NGINX_LISTEN="10.1.2.3", APP_UPSTREAM="http://10.1.2.3:8080")
    assert result.returncode == 78 and "this system itself" in result.stderr
    result, _ = render(tmp_path, BACKEND_ADDRESS="10.1.2.3:9", APP_UPSTREAM="http://10.1.2.3:9")
    assert result.returncode == 78 and "this system itself" in result.stderr


RESERVED = [
    "/login", "/login/", "/LOGIN", "/register", "/account", "/account/x/", "/logout", "/language", "/signed-in",
    "/assets", "/api", "/api/auth", "/api/v1/", "/docs", "/openapi.json", "/health", "/metrics", "/nginx-health",
    "/error.html", "/.well-known", "/application/",
]  # fmt: skip
PATHS = [
    "app/", "//", "//app/", "/app//", "/a/../b/", "/../", "/./", "/a/.", "/a/..", "/a b/", "/a;b/", "/a}/", "/a{/",
    "/$a/", "/a%2f/", "/a\\/", "/a'/", '/a"/', "/a?/", "/a#/", "/~ a/", "/日本/", "/a*/", "~ ^/", "= /",
    "/" + "a" * 300,
]  # fmt: skip


@pytest.mark.parametrize("value", RESERVED)
def test_app11_a_path_of_the_sign_in_is_rejected(tmp_path, value):
    expect_rejected(tmp_path, "APP_PATH", value, "belongs to the sign-in", APP_UPSTREAM="http://app")


@pytest.mark.parametrize("value", PATHS)
def test_app11_a_hostile_path_is_rejected(tmp_path, value):
    expect_rejected(tmp_path, "APP_PATH", value, "neither / nor a path", APP_UPSTREAM="http://app")
    # The value is also rejected without an application: it would apply once there is one.
    expect_rejected(tmp_path, "APP_PATH", value)


@pytest.mark.parametrize(
    ("value", "path"),
    [(value, "/") for value in PATHS if " " not in value and value not in ("//", "/" + "a" * 300)]
    + [(value, "/") for value in RESERVED if value.startswith(("/login", "/account", "/api/auth", "/docs", "/assets"))]
    + [("/", "/"), ("/app/", "/app/"), ("/x/", "/app/"), ("/application/", "/app/"), ("/app", "/app/"), ("=/x", "/")],
)
def test_app11_a_hostile_public_path_is_rejected(tmp_path, value, path):
    expect_rejected(tmp_path, "APP_PUBLIC_PATHS", value, programs=[], APP_UPSTREAM="http://app", APP_PATH=path)
    expect_rejected(
        tmp_path, "APP_PUBLIC_PATHS", f"{path}ok/,{value}", programs=[], APP_UPSTREAM="http://app", APP_PATH=path
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_MAX_BODY", value)
        for value in ("-1", "1.5m", "10x", "m", "1 m", "64k;", "007", "99999999999", "$x", "12345678g")
    ]
    + [
        ("APP_TIMEOUT", value)
        for value in ("0", "0s", "-1s", "1.5s", "25h", "86401", "10ms", "s", "60s;", "99999h", "1d")
    ]
    + [("APP_ASSERTION", value) for value in ("maybe", "on;", "2")],
)
def test_app11_invalid_sizes_and_timeouts_are_rejected(tmp_path, name, value):
    expect_rejected(tmp_path, name, value, programs=["AuthAPI"] if name == "APP_ASSERTION" else [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_ALLOWED_EMAILS", "ada"), ("APP_ALLOWED_EMAILS", "ada@example.com,@example.com"),
        ("APP_ALLOWED_EMAILS", "*@example.com,"), ("APP_ALLOWED_EMAILS", ","), ("APP_ALLOWED_DOMAINS", "*.example.com"),
        ("APP_ALLOWED_DOMAINS", "example"), ("APP_ALLOWED_DOMAINS", "@example.com"), ("APP_ALLOWED_DOMAINS", ","),
        ("APP_ALLOWED_DOMAINS", "example.com;b"), ("APP_ALLOWED_DOMAINS", "https://example.com"), ("APP_USER", "name"),
        ("FORWARD_AUTH", "maybe"),
    ],
)  # fmt: skip
def test_app11_allowed_users_are_validated(name, value):
    result = check("AuthAPI", **COMPLETE | {name: value})
    assert result.returncode == 78
    assert result.stderr.startswith(f"{name}: ") and len(result.stderr.splitlines()) == 1


def test_app11_valid_settings_pass(tmp_path):
    valid = {
        "APP_UPSTREAM": "\u3000http://app:3000, http://10.0.0.5:80/ http://[2001:db8::1]:3000,http://app.example.",
        "APP_PATH": "/openapi.json-schemas",
        "APP_ALLOWED_EMAILS": "Ada@Example.com, bob@example.org", "APP_ALLOWED_DOMAINS": "Example.com,sub.example.org",
        "APP_USER": "Email", "APP_ASSERTION": "ON", "FORWARD_AUTH": "true",
    }  # fmt: skip
    for program in PROGRAMS:
        result = check(program, **COMPLETE | valid)
        assert (result.returncode, result.stderr) == (0, "")
    del valid["APP_ALLOWED_EMAILS"], valid["APP_ALLOWED_DOMAINS"], valid["APP_USER"], valid["FORWARD_AUTH"]
    result, files = render(tmp_path, **valid)
    assert (result.returncode, result.stderr) == (0, "")
    servers = re.findall(r"server (\S+) max_fails", files["servers.conf"])[2:]
    assert servers == ["app:3000", "10.0.0.5:80", "[2001:db8::1]:3000", "app.example.:80"]


def test_app11_nginx_accepts_every_valid_configuration(tmp_path):
    """nginx itself checks every combination."""
    environment = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "BACKEND_ADDRESS": "127.0.0.1:8",
        "FRONTEND_ADDRESS": "127.0.0.1:3",
    }
    for number, (upstream, path, public, body, timeout, assertion) in enumerate(
        itertools.product(
            ["http://127.0.0.1", "http://127.0.0.1:4000/,http://[::1]:4001 http://localhost:4002"],
            ["", "/", "/app", "/a/b.c_d~e-f/", "/Z/"],
            [None, ["x", "static/", "static", ".well-known/", "a/b/", "x", "-", "~"]],
            ["", "0", "100M"],
            ["", "30", "24H"],
            ["", "on"],
        )
    ):
        if number % 7:
            continue
        root = "/" if path in ("", "/") else path.rstrip("/") + "/"
        settings = {
            "APP_UPSTREAM": upstream, "APP_PATH": path, "APP_MAX_BODY": body, "APP_TIMEOUT": timeout,
            "APP_PUBLIC_PATHS": ",".join(root + each for each in public or []), "APP_ASSERTION": assertion,
        }  # fmt: skip
        subprocess.run([ROOT / "scripts/nginx", tmp_path], check=True, env=environment | settings)
        command = ["nginx", "-q", "-t", "-e", "stderr", "-c", tmp_path / "nginx.conf"]
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert (result.returncode, result.stderr) == (0, ""), settings


def test_app11_without_an_application_nothing_changes(tmp_path):
    result, files = render(tmp_path)
    assert result.returncode == 0
    assert files["application.conf"] == "include routes.conf;\n"
    assert "application" not in files["servers.conf"] + files["http.conf"]


FILES = ["nginx.conf", "docker/nginx/server.conf", "docker/nginx/routes-beside-application.conf"]


def test_app11_all_programs_reserve_the_same_paths(tmp_path):
    """The API, the frontend and nginx each have a list of these paths; all reject every one of them as APP_PATH."""
    locations = re.findall(
        r"^ *location (?:= )?(/\S+) ",
        "".join((ROOT / file).read_text() for file in FILES),
        re.MULTILINE,
    )
    assert len(locations) > 12
    swift = (ROOT / "Sources/Shared/Server/ApplicationSettings.swift").read_text()
    segments = re.findall(r'"([a-z.-]+)"', re.search(r"let segments.*?\]\n", swift, re.DOTALL).group(0))
    for path in locations + [f"/{segment}/" for segment in segments]:
        expect_rejected(tmp_path, "APP_PATH", path, "belongs to the sign-in", APP_UPSTREAM="http://app")
