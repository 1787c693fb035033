"""Values of settings, and unknown names (W10, W70, W73, W74)."""

import os
import re
import subprocess

import pytest
from site_under_test import ROOT, binary, free_ports
from test_native_run import shell
from test_settings import COMPLETE, check, documented, read_by_the_programs


@pytest.mark.parametrize("program", ["AuthAPI", "WebFrontend"])
def test_w70_values_are_trimmed_and_invisible_characters_are_rejected(program, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(b"\xef\xbb\xbf" + COMPLETE["SECRET_KEY"].encode() + b"\r\n")
    settings = {name: f" {value}\r\n" for name, value in COMPLETE.items() if name not in ("PATH", "SECRET_KEY")}
    result = check(program, **settings, SECRET_KEY_FILE=f"{key}\n")
    assert result.returncode == 0, result.stderr
    result = check(program, **COMPLETE | {"PUBLIC_URL": "http://local\nhost", "LOG_LEVEL": "IN\u200bFO"})
    assert result.returncode == 78
    assert result.stderr.splitlines() == [
        "PUBLIC_URL: contains a line break as character 13",
        "LOG_LEVEL: contains the invisible character U+200B as character 3",
    ]


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_w70_the_scripts_trim_settings_like_the_servers(tmp_path, locale):
    port, api = free_ports(2)
    names = ("BROWSER_PORT", "API_URL", "PUBLIC_URL", "own_database")
    lines = "development_settings; require_free_ports BROWSER_PORT API_PORT\n"
    lines += "".join(f'printf "%s\\n" "${name}"\n' for name in names)
    settings = {"BROWSER_PORT": f"{port}\r\n", "API_PORT": f"\u00a0 {api} \u3000"}
    settings |= {"DATABASE_URL": " ", "SECRET_KEY": " "}
    result = shell(lines, DEV_FOLDER=str(tmp_path), PUBLIC_URL="\ufeff\t", LC_ALL=locale, **settings)
    expected = [str(port), f"http://127.0.0.1:{api}", f"http://localhost:{port}", "yes"]
    assert result.stdout.splitlines() == expected, result.stderr
    assert (tmp_path / "secret_key").exists()


def test_w71_two_servers_with_the_same_port_are_named():
    [port] = free_ports(1)
    result = shell("require_free_ports BROWSER_PORT API_PORT", BROWSER_PORT=str(port), API_PORT=str(port))
    assert result.returncode == 78
    assert f"API_PORT and BROWSER_PORT are both {port}" in result.stderr and "make dev API_PORT=" in result.stderr


def test_w70_a_rejected_secret_is_not_repeated():
    for name in ("SECRET_KEY", "DATABASE_URL"):
        result = check("AuthAPI", **COMPLETE | {name: COMPLETE[name][:20] + "\r" + COMPLETE[name][20:]})
        assert result.returncode == 78
        assert result.stderr == f"{name}: contains a line break as character 21\n"


# An address, and its value in each kind of setting: None if it is rejected.
ADDRESSES = [
    ("127.0.0.1", "127.0.0.1"),
    ("::1", "[::1]"),
    ("[::1]", "[::1]"),
    ("[2001:db8::2]", "[2001:db8::2]"),
    ("0:0:0:0:0:0:0:1", "[::1]"),
    ("::ffff:127.0.0.1", "127.0.0.1"),
    ("[::FFFF:7f00:1]", "127.0.0.1"),
    (" 127.0.0.1\n", "127.0.0.1"),
    ("\u3000127.0.0.1\u00a0", "127.0.0.1"),
    ("localhost", "localhost"),
    ("db.example.com.", "db.example.com."),
    ("0x7f000001", None),
    ("a.0x7f", None),
    ("127.0.0.1:8000", None),
    ("[::1]:8000", None),
    ("http://127.0.0.1", None),
    ("127.0.0.256", None),
    ("127.1", None),
    ("010.0.0.1", None),
    ("1:2:3", None),
    (":::", None),
    ("[::1", None),
    ("[127.0.0.1]", None),
    ("fe80::1%lo", None),
    ("10.0.0.0/8", None),
    ("a..b", None),
    ("-a", None),
    ("a;b", None),
]


@pytest.mark.parametrize(("address", "taken"), ADDRESSES)
def test_w73_every_setting_parses_an_address_in_the_same_way(tmp_path, address, taken):
    status = 0 if taken else 78
    for program, name in (("AuthAPI", "API_HOST"), ("AuthAPI", "POSTGRES_HOST"), ("WebFrontend", "FRONTEND_HOST")):
        settings = COMPLETE | {name: address}
        if name == "POSTGRES_HOST":
            del settings["DATABASE_URL"]
            settings["POSTGRES_PASSWORD"] = COMPLETE["SECRET_KEY"]
        result = check(program, **settings)
        assert result.returncode == status, (name, result.stderr)
        assert result.stderr.startswith("" if taken else f"{name}: ")
    result, files = render(tmp_path, NGINX_LISTEN=address)
    assert result.returncode == status
    if taken:
        assert re.findall(r"listen (\S*):8080 ", files["listen.conf"]) == [taken]
    else:
        assert "NGINX_LISTEN" in result.stderr


def render(folder, **settings: str) -> tuple[subprocess.CompletedProcess, dict[str, str]]:
    """Runs docker/nginx/render in a folder with files that no pattern may match; returns its output."""
    (folder / "10.9.9.9").touch()
    environment = {"PATH": os.environ["PATH"], "NGINX_DIR": str(folder), **settings}
    result = subprocess.run(
        [ROOT / "docker/nginx/render"], cwd=folder, env=environment, capture_output=True, text=True
    )
    return result, {file.name: file.read_text() for file in (folder / "local").glob("*.conf")}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("127.0.0.1,[::1]", ["127.0.0.1", "[::1]"]),
        (" 127.0.0.1 , ::1 ,", ["127.0.0.1", "[::1]"]),
        ("127.0.0.1\t[::1]\n", ["127.0.0.1", "[::1]"]),
        ("::1,[::1] ::1", ["[::1]"]),
        ("127.0.0.1\r\n[::1]\r\n", ["127.0.0.1", "[::1]"]),
        ("LOCALHOST,localhost", ["localhost"]),
        ("::ffff:127.0.0.1 127.0.0.1", ["127.0.0.1"]),
        ("0:0::1,::1", ["[::1]"]),
        ("*", ["0.0.0.0"]),
        (",", None),
        ("127.0.0.1,", ["127.0.0.1"]),
        ("127.0.0.1,10.0.0.1:80", None),
    ],
)
def test_w73_nginx_listens_on_a_list_of_addresses(tmp_path, value, expected):
    result, files = render(tmp_path, NGINX_LISTEN=value)
    if expected is None:
        assert result.returncode == 78 and "NGINX_LISTEN" in result.stderr
        return
    assert result.returncode == 0, result.stderr
    for port in (6666, 8080):
        assert re.findall(rf"listen (\S*):{port} ", files["listen.conf"]) == expected


@pytest.mark.parametrize(("processors", "workers"), [(1, 1), (16, 16), (128, 16)])
def test_w10_nginx_has_a_worker_for_each_processor_within_the_limits_of_its_container(tmp_path, processors, workers):
    """pids_limit and mem_limit of compose.yml, with two sets of workers during a reload."""
    program = tmp_path / "nproc"
    program.write_text(f"#!/bin/sh\necho {processors}\n")
    program.chmod(0o755)
    result, files = render(tmp_path, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert result.returncode == 0, result.stderr
    assert f"worker_processes {workers};" in files["main.conf"].splitlines()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("10.0.0.5,192.168.0.0/24", ["10.0.0.5", "192.168.0.0/24"]),
        ("10.0.0.5 [2001:db8::2], fd00::/8,,\n", ["10.0.0.5", "2001:db8::2", "fd00::/8"]),
        ("10.0.0.5\u300010.0.0.6", ["10.0.0.5", "10.0.0.6"]),
        ("::ffff:10.0.0.5 ::ffff:10.0.0.0/104", ["10.0.0.5", "10.0.0.0/8"]),
        ("10.0.0.5\r\n10.0.0.6\r\n", ["10.0.0.5", "10.0.0.6"]),
        ("::ffff:c0a8:101 ::FFFF:0:0/96 0:0:0:0:0:ffff:10.0.0.1", ["192.168.1.1", "0.0.0.0/0", "10.0.0.1"]),
        ("2001:db8::ffff:1:2 ::10 64:ff9b::1.2.3.4", ["2001:db8::ffff:1:2", "::10", "64:ff9b::1.2.3.4"]),
        ("[10.0.0.5]", None),
        ("::ffff:0:10.0.0.5", ["::ffff:0:10.0.0.5"]),
        ("10.0.0.5/8", ["10.0.0.5/8"]),
        ("0.0.0.0/0 ::/0", ["0.0.0.0/0", "::/0"]),
        (" ", []),
        ("*", None),
        ("10.*", None),
        ("[0-9]*", None),
        ("private", None),
        ("10.0.0.1:80", None),
        ("[::1]:80", None),
        ("10.0.0.0/08", None),
        ("10.0.0.0/", None),
        ("::ffff:10.0.0.0/90", None),
        ("1:2:3:4:5:6:7", None),
        ("12345::", None),
    ],
)
def test_w73_nginx_trusts_exactly_the_configured_proxies(tmp_path, value, expected):
    result, files = render(tmp_path, TRUSTED_PROXIES=value)
    if expected is None:
        assert result.returncode == 78 and "TRUSTED_PROXIES" in result.stderr
        return
    assert result.returncode == 0, result.stderr
    assert re.findall("set_real_ip_from (.*);", files["http.conf"]) == expected


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("10.0.0.5, 192.168.0.0/24", 0),
        ("10.0.0.5 [2001:db8::2] ::ffff:10.0.0.0/104,", 0),
        ("10.0.0.5/8", 0),
        ("[10.0.0.5]", 78),
        ("*", 78),
        (",", 78),
        ("[::1]:80", 78),
        ("10.0.0.1:80", 78),
        ("10.0.0.0/08", 78),
        ("10.0.0.0/33", 78),
        ("private", 78),
        ("1:2:3:4:5:6:7", 78),
    ],
)
def test_w73_servers_parse_trusted_peers_like_nginx_parses_trusted_proxies(value, status):
    for program in ("AuthAPI", "WebFrontend"):
        result = check(program, **COMPLETE | {"TRUSTED_PEERS": value})
        assert result.returncode == status, result.stderr
        assert result.stderr.startswith("TRUSTED_PEERS: " if status else "")


def test_w73_each_database_host_in_a_list_is_validated():
    settings = {name: value for name, value in COMPLETE.items() if name != "DATABASE_URL"}
    settings["POSTGRES_PASSWORD"] = COMPLETE["SECRET_KEY"]
    for hosts, status in (("db1, [::1],db2", 0), ("/run/postgresql", 0), ("db1,db2:5433", 78), (",", 78), ("*", 78)):
        result = check("AuthAPI", **settings | {"POSTGRES_HOST": hosts})
        assert result.returncode == status, result.stderr
        assert result.stderr.startswith("POSTGRES_HOST: " if status else "")
    result = check("AuthAPI", **settings | {"POSTGRES_DB": "a/b"})
    assert result.stderr.startswith("POSTGRES_DB: ")
    result = check("AuthAPI", **COMPLETE | {"DATABASE_URL": "host=[::1] user=x"})
    assert result.returncode == 78 and result.stderr.startswith("DATABASE_URL: ")


@pytest.mark.parametrize("program", ["AuthAPI", "WebFrontend"])
def test_w74_a_name_that_looks_like_a_setting_is_reported(program):
    wrong = {"SECRT_KEY": "hush-hush", "POSTGRES_USER_FILE": "/hush", "GOOGLE_CLIENT_ID_FILE": "/hush", "API_PROT": "1"}
    result = check(program, **COMPLETE | wrong)
    assert result.returncode == 0
    lines = result.stderr.splitlines()
    assert [line.split(" ")[:2] for line in lines] == [["warning:", name] for name in sorted(wrong)]
    assert "did you mean SECRET_KEY?" in result.stderr and "hush" not in result.stderr
    # The warning is also printed with faults, which the mistyped name may explain.
    settings = COMPLETE | {"SECRT_KEY": COMPLETE["SECRET_KEY"], "LOG_LEVEL": "LOUD"}
    lines = check(program, **settings).stderr.splitlines()
    assert lines[0].startswith("LOG_LEVEL: ") and lines[-1].startswith("warning: SECRT_KEY ")


@pytest.mark.parametrize("program", ["AuthAPI", "WebFrontend"])
def test_w74_names_of_other_programs_are_not_reported(program):
    others = {
        "API_PORT_8000_TCP": "tcp://10.0.0.1:8000",
        "API_PORT_8000_TCP_ADDR": "10.0.0.1",
        "POSTGRES_PORT_5432_TCP_ADDR": "10.0.0.2",
        "POSTGRES_SERVICE_HOST": "10.0.0.2",
        "PGHOST": "db",
        "LANG": "ja_JP.UTF-8",
    }
    result = check(program, **COMPLETE | others)
    assert (result.returncode, result.stderr) == (0, "")


def test_w74_all_names_of_the_example_are_known_to_the_programs():
    """An unknown name would be reported as mistyped, and no misspelling of it would be recognized."""
    source = (ROOT / "Sources/Shared/Server/UnknownSettings.swift").read_text()
    elsewhere = re.findall(r'"([A-Z0-9_]+)"', re.search(r"let elsewhere.*?\]", source, re.DOTALL).group(0))
    programs, secrets = read_by_the_programs()
    assert set(documented()) <= programs | {f"{name}_FILE" for name in secrets} | set(elsewhere)


def test_w10_more_hashing_threads_than_processors_are_rejected():
    result = check("AuthAPI", **COMPLETE | {"HASHING_THREADS": str(os.cpu_count() + 1)})
    assert result.returncode == 78
    assert result.stderr.startswith("HASHING_THREADS: must be at most ")
    alone = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), binary("AuthAPI"), "check-config"]
    result = subprocess.run(alone, env=COMPLETE | {"HASHING_THREADS": "2"}, capture_output=True, text=True, timeout=30)
    assert result.returncode == 78
    assert result.stderr.startswith("HASHING_THREADS: must be at most 1,")
