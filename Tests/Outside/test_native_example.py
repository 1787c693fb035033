"""The example application without containers (group 12)."""

import os
import signal
import subprocess

from make_dev import make_dev
from site_under_test import PASSWORD, ROOT, ask, database, free_ports, listens, wait_until


def test_app12_make_dev_serves_the_example_behind_the_sign_in(tmp_path):
    """APP=example, also below a path; a change restarts it."""
    external, browser, api, frontend, example = ports = free_ports(5)
    log = tmp_path / "log"
    with database() as url:
        environment = {
            "DEV_FOLDER": str(tmp_path / "dev"),
            "DATABASE_URL": url,
            "EXTERNAL_PORT": str(external),
            "BROWSER_PORT": str(browser),
            "API_PORT": str(api),
            "FRONTEND_PORT": str(frontend),
            "EXAMPLE_PORT": str(example),
            "APP_PATH": "/app/",
            "APP": "example",
        }
        with make_dev(environment, log) as process:
            assert f"http://localhost:{browser}/app/ (signed-in users only)" in log.read_text()
            assert ask(browser, "/app/notes").status == 401
            account = {"email": "dev@example.com", "password": PASSWORD, "name": "Dev"}
            made = ask(browser, "/api/auth/register", "POST", body=account)
            cookie = {"Cookie": made.headers["Set-Cookie"].split(";")[0]}
            assert b"dev@example.com" in ask(browser, "/app/notes", headers=cookie).body
            assert ask(browser, "/app/static/notes.css").status == 200
            assert b"<h1" in ask(browser, "/login").body

            (ROOT / "examples/app/user.py").touch()
            wait_until(lambda: "The example was restarted with the change." in log.read_text(), "it runs the change")
            assert ask(browser, "/app/notes", headers=cookie).status == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 143
        assert not any(listens(port) for port in ports)
    wrong = subprocess.run([ROOT / "scripts/dev"], env=os.environ | {"APP": "x"}, capture_output=True, text=True)
    assert wrong.returncode == 78 and "APP_UPSTREAM=http://127.0.0.1:3001" in wrong.stderr
