"""The commands of docs/upgrading.md for another major version of PostgreSQL."""

import subprocess

import containers
import pytest

pytestmark = pytest.mark.long

# Debian 12's PostgreSQL with the entry point of the image that compose.yml names.
DOCKERFILE = f"""
FROM {containers.POSTGRES_IMAGE} AS current
FROM debian:bookworm-slim
RUN apt-get update \\
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gosu postgresql-15 \\
    && usermod -u 999 postgres && groupmod -g 999 postgres \\
    && rm -rf /var/lib/postgresql && install -d -o 999 -g 999 -m 0700 /var/lib/postgresql/data
COPY --from=current /usr/local/bin/docker-entrypoint.sh /usr/local/bin/
ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV PGDATA=/var/lib/postgresql/data LANG=C.UTF-8 PG_MAJOR=15
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
"""
IMAGE = "yoshikosan-test-postgres:15"


@pytest.fixture(scope="module")
def former() -> str:
    """An image of PostgreSQL 15."""
    subprocess.run(
        ["docker", "build", "--tag", IMAGE, "-"], input=DOCKERFILE, text=True, check=True, capture_output=True
    )
    return IMAGE


def test_u1_an_upgrade_of_postgres_keeps_every_session(former, tmp_path):
    """From 15 to the version of compose.yml; the previous data is not touched."""
    with containers.project(POSTGRES_IMAGE=former, BACKUPS=str(tmp_path), YES="1") as one:
        one.up()
        cookie = {"Cookie": one.register()}
        version = "SELECT current_setting('server_version_num')::int / 10000"
        assert one.query(version) == "15"

        # Another version rejects the previous data, and the previous version continues.
        del one.environment["POSTGRES_IMAGE"]
        done = one.run("make", "docker-deploy", check=False)
        assert done.returncode != 0 and "incompatible" in done.stderr, done.stderr
        assert one.query(version) == "15"
        assert one.fetch("/api/auth/me", headers=cookie).status == 200

        one.compose("stop", "nginx")
        one.run("make", "docker-backup")
        (file,) = tmp_path.glob("*.dump")
        one.environment["POSTGRES_VOLUME"] = "postgres-17"
        one.compose("up", "--detach", "--wait", "--no-build", "backend")
        one.run("make", "docker-restore", f"FILE={file}")
        one.run("make", "docker-up")
        assert one.query(version) == "17"
        assert one.fetch("/api/auth/me", headers=cookie).status == 200
        doctor = one.compose("exec", "-T", "backend", "AuthAPI", "doctor")
        assert "FIX" not in doctor.stdout, doctor.stdout

        # The way back: the previous data is unchanged.
        one.environment |= {"POSTGRES_IMAGE": former, "POSTGRES_VOLUME": "postgres-data"}
        one.up()
        assert one.query(version) == "15"
        assert one.fetch("/api/auth/me", headers=cookie).status == 200
        one.environment["POSTGRES_VOLUME"] = "postgres-17"
        one.compose("down", "--volumes")
        one.environment["POSTGRES_VOLUME"] = "postgres-data"
