"""`AuthAPI doctor` on good and on bad deployments."""

import base64
import json
import os
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from site_under_test import binary, database, psql

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
KEY = "kX1vV0mUqk6J2m3m1m9Zb7yQw5d8Rk4TtYpLs0Ae"


def doctor(**settings: str) -> tuple[int, dict[str, list[dict]]]:
    """Runs it; returns the status and the findings by subject."""
    done = subprocess.run(
        [binary("AuthAPI"), "doctor", "--json"],
        env={"PATH": os.environ["PATH"], "API_HOST": "127.0.0.1", **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    findings: dict[str, list[dict]] = {}
    for finding in json.loads(done.stdout):
        assert (finding["level"] == "fix") <= ("advice" in finding)
        findings.setdefault(finding["subject"], []).append(finding)
    assert KEY not in done.stdout
    return done.returncode, findings


def to_fix(findings: dict[str, list[dict]]) -> set[str]:
    """The problems, by subject."""
    return {subject for subject, found in findings.items() if any(each["level"] == "fix" for each in found)}


@pytest.fixture
def deployment(tmp_path):
    """The settings of a good deployment: two roles, secrets in files, https, and a provider that responds."""
    with database() as url, provider() as issuer:
        settings = {
            "APP_ENV": "production",
            "PUBLIC_URL": "https://yoshikosan.example.com",
            "GOOGLE_CLIENT_ID": "id",
            "GOOGLE_ISSUER": issuer,
        }
        for name, value in {
            "SECRET_KEY": KEY,
            "GOOGLE_CLIENT_SECRET": "given-by-google",
            "DATABASE_URL": url.replace("//yoshikosan@", "//yoshikosan_api@", 1),
        }.items():
            file = tmp_path / name.lower()
            file.write_text(value)
            file.chmod(0o400)
            settings[f"{name}_FILE"] = str(file)
        migrating = settings | {"PATH": os.environ["PATH"], "MIGRATION_DATABASE_URL": url}
        subprocess.run([binary("AuthAPI"), "migrate", "up"], env=migrating, check=True, capture_output=True)
        yield settings, url


class provider:
    """A server that responds like an OpenID provider; its clock may be wrong."""

    ahead = 0

    def __enter__(self) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                pages = {"/.well-known/openid-configuration": metadata, "/x": keys}
                document = json.dumps(pages.get(self.path, {})).encode()
                self.send_response(200 if self.path in pages else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(document)))
                self.end_headers()
                self.wfile.write(document)

            def date_time_string(self, timestamp=None):
                import time

                return super().date_time_string(time.time() + provider.ahead)

            def log_message(self, *arguments):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        issuer = f"http://127.0.0.1:{self.server.server_port}"
        metadata = {"issuer": issuer} | dict.fromkeys(ENDPOINTS, f"{issuer}/x")
        modulus = base64.urlsafe_b64encode(b"\xff" * 256).decode().rstrip("=")
        keys = {"keys": [{"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", "n": modulus, "e": "AQAB"}]}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return issuer

    def __exit__(self, *failure):
        provider.ahead = 0
        self.server.shutdown()
        self.server.server_close()


def test_a_good_deployment_has_no_problems(deployment):
    settings, _ = deployment
    status, findings = doctor(**settings)
    assert (status, to_fix(findings)) == (0, set()), findings
    assert {each["message"] for each in findings["Google"]} == {
        "callback address to register: https://yoshikosan.example.com/api/auth/callback/google",
        f"{settings['GOOGLE_ISSUER']}/.well-known/openid-configuration responds; its issuer and keys are valid",
    }
    clocks = [each["message"] for each in findings["clock"]]
    assert clocks == ["agrees with that of Google", "agrees with that of PostgreSQL"]
    assert findings["privileges"][0]["message"] == "yoshikosan_api has exactly the required privileges"

    # The text output has the same findings, and a summary.
    environment = {"PATH": os.environ["PATH"], "API_HOST": "127.0.0.1", **settings}
    done = subprocess.run([binary("AuthAPI"), "doctor"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "ok    settings        complete and valid"
    assert done.stdout.splitlines()[-1] == "No problems found."


def test_all_problems_of_a_bad_deployment_are_reported_at_once(deployment, tmp_path):
    settings, url = deployment
    (tmp_path / "secret_key").chmod(0o644)
    os.utime(tmp_path / "secret_key", (0, 0))
    psql(url, "DELETE FROM yoshikosan_schema_migrations")
    provider.ahead = 120
    status, findings = doctor(
        **settings
        | {"PUBLIC_URL": "http://example.com:6666", "LOG_LEVEL": "LOUD", "DATABASE_URL_FILE": "", "DATABASE_URL": url}
    )
    assert status == 1
    assert to_fix(findings) == {"settings", "secrets", "PUBLIC_URL", "cookie", "clock", "schema", "privileges"}
    assert "LOG_LEVEL" in findings["settings"][0]["message"]
    assert [each["message"] for each in findings["secrets"] if each["level"] == "fix"] == [
        f"every user of this machine can read {tmp_path}/secret_key (mode 644)"
    ]
    assert "browsers block port 6666" in findings["PUBLIC_URL"][0]["message"]
    # The measured difference is smaller by the time of the response.
    assert re.search(r"\b1(1\d|20) seconds behind Google", findings["clock"][0]["message"])
    assert findings["schema"][0]["advice"] == "run as the owner: AuthAPI migrate up"
    owned = "owner of audit_events backup_status disconnected_identities invites oauth_accounts password_recoveries"
    for privilege in ("superuser", "CREATE on the schema", owned, "UPDATE or DELETE on audit_events"):
        assert privilege in findings["privileges"][0]["message"]


def test_unavailable_services_are_named_with_the_reason(deployment):
    settings, _ = deployment
    unreachable = settings | {
        "DATABASE_URL_FILE": "",
        "DATABASE_URL": f"postgresql://x:{KEY}@127.0.0.1:1/x",
        "GOOGLE_ISSUER": "http://127.0.0.1:1",
    }
    status, findings = doctor(**unreachable)
    assert (status, to_fix(findings)) == (1, {"database", "Google"})
    assert "Connection refused" in findings["database"][0]["message"]
    assert doctor(DATABASE_URL="", SECRET_KEY="")[0] == 1


def test_a_proxy_that_hides_all_clients_is_detected(deployment):
    """Recent sign-ins show whether TRUSTED_PROXIES lacks the proxy."""
    settings, url = deployment
    sign_in = """
        INSERT INTO users (email, name) SELECT 'u' || n || '@example.com', 'U' FROM generate_series({}) AS n;
        INSERT INTO sessions (user_id, token_hash, expires_at, ip_address)
        SELECT id, sha256(id::text::bytea), now() + interval '1 day', '{}' FROM users
        WHERE NOT EXISTS (SELECT FROM sessions WHERE user_id = users.id)
    """
    psql(url, sign_in.format("1, 1", "172.18.0.1"))
    assert "appears to come from 172.18.0.1" in doctor(**settings)[1]["visitors"][0]["message"]
    psql(url, sign_in.format("2, 5", "172.18.0.1"))
    finding = doctor(**settings | {"PUBLIC_URL": "http://localhost:8080"})[1]["visitors"][0]
    assert finding["message"] == "all 5 users of this week appear to come from 172.18.0.1"
    assert "TRUSTED_PROXIES" in finding["advice"]
    psql(url, sign_in.format("6, 6", "203.0.113.9"))
    assert doctor(**settings)[1]["visitors"][0]["level"] == "ok"
