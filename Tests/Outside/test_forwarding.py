"""What nginx passes to the servers about a request (N1, N3)."""

import pytest
from site_under_test import fetch, send_raw, wait_until

SPOOFED = {
    "X-Real-IP": "6.6.6.6",
    "X-Forwarded-For": "9.9.9.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Request-ID": "chosen-by-the-client",
    "Forwarded": "for=9.9.9.9",
}


def forwarded(response) -> dict:
    """The headers that the server received, each once."""
    headers = response.json()["headers"]
    assert all(len(values) == 1 for values in headers.values()), headers
    return {name: values[0] for name, values in headers.items()}


@pytest.mark.parametrize(
    ("path", "server"),
    [
        ("/", "frontend"),
        ("/login", "frontend"),
        ("/apis", "frontend"),
        ("/docsy", "frontend"),
        ("/api", "backend"),
        ("/api/auth/me", "backend"),
        ("/docs", "backend"),
        ("/docs/", "backend"),
        ("/openapi.json", "backend"),
        ("//api//auth/me", "backend"),
        ("/login/../api/auth/me", "backend"),
    ],
)
def test_n1_paths_go_to_their_server(front, path, server):
    assert fetch(front.port, path).json()["server"] == server


@pytest.mark.parametrize("path", ["//api//auth/login", "/api/auth/login/", "/%61pi/auth/login", "/api/%2e%2e/login"])
def test_n1_the_servers_receive_the_path_unchanged(front, path):
    # The servers reject all spellings but one, so they must see the spelling of the client.
    assert fetch(front.port, path).json()["raw"] == path


@pytest.mark.parametrize("path", ["/health", "/health/", "/health/ready", "/health/live", "//health", "/metrics"])
def test_n1_health_checks_of_the_servers_are_not_published(front, path):
    response = fetch(front.port, path)
    assert response.status == 404
    assert b"server" not in response.body


def test_n1_the_health_check_of_nginx_is_for_this_machine_only(front):
    assert fetch(front.port, "/nginx-health").status == 200
    from_elsewhere = fetch(front.port, "/nginx-health", source="127.0.0.2", headers={"X-Forwarded-For": "8.8.8.8"})
    assert from_elsewhere.status == 404


def test_n2_both_ports_serve_the_site(front):
    assert fetch(front.external_port, "/").json()["server"] == "frontend"
    assert forwarded(fetch(front.external_port, "/"))["host"] == f"127.0.0.1:{front.external_port}"


def test_n3_a_client_cannot_choose_address_scheme_or_request_id(front):
    response = fetch(front.port, "/", headers=SPOOFED)
    headers = forwarded(response)
    assert headers["x-real-ip"] == "127.0.0.1"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == f"127.0.0.1:{front.port}"
    assert headers["host"] == f"127.0.0.1:{front.port}"
    assert "forwarded" not in headers
    assert len(headers["x-request-id"]) == 32
    assert response.one("X-Request-ID") == headers["x-request-id"]
    assert response.one("Strict-Transport-Security") is None


def test_n3_a_trusted_proxy_names_the_client(front):
    response = fetch(front.port, "/", source="127.0.0.2", headers=SPOOFED)
    headers = forwarded(response)
    assert headers["x-real-ip"] == headers["x-forwarded-for"] == "9.9.9.9"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-request-id"] != SPOOFED["X-Request-ID"]
    assert response.one("Strict-Transport-Security") == "max-age=31536000"


def test_n3_only_the_trusted_end_of_a_proxy_chain_counts(front):
    chain = {"X-Forwarded-For": "1.1.1.1, 7.7.7.7, 10.9.8.7", "X-Forwarded-Proto": "gopher"}
    headers = forwarded(fetch(front.port, "/", source="127.0.0.2", headers=chain))
    assert headers["x-real-ip"] == "7.7.7.7"
    assert headers["x-forwarded-proto"] == "http"


@pytest.mark.parametrize(
    ("value", "scheme"),
    [
        ("https", "https"), ("HTTPS", "https"), ("https, http", "https"), ("https,http", "https"), ("http", "http"),
        ("http, https", "http"), ("", "http"), ("httpss", "http"), (", https", "http"),
        # Traefik, for WebSockets.
        ("wss", "https"), ("WSS, ws", "https"), ("ws", "http"), ("wsss", "http"),
    ],
)  # fmt: skip
def test_w30_the_first_of_several_schemes_is_used(front, value, scheme):
    headers = {"X-Forwarded-Proto": value}
    assert forwarded(fetch(front.port, "/", source="127.0.0.2", headers=headers))["x-forwarded-proto"] == scheme
    assert forwarded(fetch(front.port, "/", headers=headers))["x-forwarded-proto"] == "http"


def test_n3_a_request_id_is_new_each_time(front):
    assert len({fetch(front.port, "/").one("X-Request-ID") for _ in range(5)}) == 5


def test_e5_nginx_logs_the_request_without_its_query(front):
    response = fetch(
        front.port, "/api/auth/callback?code=very-secret-code", "POST", headers={"Referer": "/x?also=secret"}
    )

    def lines():
        return [line for line in front.log_lines() if line["request_id"] == response.one("X-Request-ID")]

    # nginx writes the line after the response.
    wait_until(lines, "nginx logs the request")
    [line] = lines()
    assert line["path"] == "/api/auth/callback"
    assert (line["method"], line["status"], line["client"]) == ("POST", 200, "127.0.0.1")
    logged = (front.folder / "access.log").read_text() + (front.folder / "error.log").read_text()
    assert "secret" not in logged


def test_w25_a_path_that_is_not_ascii_is_logged_readably(front):
    response = send_raw(front.port, b"GET /\xff\xfe?x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    def lines():
        return [line for line in front.log_lines() if line["request_id"] == response.one("X-Request-ID")]

    wait_until(lines, "nginx logs the request")
    assert lines()[0]["path"] == "(not ASCII)"


def test_a10_cookies_of_provider_flows_are_forwarded_in_both_directions(front):
    response = fetch(front.port, "/api/auth/google?cookies", headers={"Cookie": "; ".join(["flow=" + "c" * 2000] * 6)})
    assert response.status == 200
    assert len(response.headers.get_all("Set-Cookie")) == 6
    assert len(response.one("Location")) > 1000
    assert len(forwarded(response)["cookie"]) > 12_000
