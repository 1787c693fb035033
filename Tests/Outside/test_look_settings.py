"""The site's own look: settings that all programs read in the same way, and rejected values (U3)."""

import html
import json
import os
import re
import subprocess

import pytest
from scripted_api import showcase
from site_under_test import ROOT, binary, fetch, free_ports, nginx
from test_settings import COMPLETE, check

PROGRAMS = ("AuthAPI", "WebFrontend")


def render(folder, **settings: str) -> subprocess.CompletedProcess:
    """Writes nginx's configuration."""
    environment = {"PATH": os.environ["PATH"], "NGINX_DIR": str(folder), **settings}
    return subprocess.run([ROOT / "docker/nginx/render"], env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("Example Books", True),
        ("<script>alert(1)</script>", True),
        ('日本語の名前 & "co" \\ $x ${y} \';{}', True),
        ("名" * 60, True),
        ("名" * 61, False),
        ("a\u202eb", False),
        ("a\u2066b", False),
        ("a\u200bb", False),
        ("a\ufeffb", False),
        ("a\u00adb", False),
        ("a\tb", False),
        ("a\nb", False),
        ("a\x7fb", False),
    ],
)
def test_u3_all_programs_read_a_name_in_the_same_way(tmp_path, name, taken):
    for setting in ("SITE_NAME", "SITE_NAME_JA"):
        for program in PROGRAMS:
            result = check(program, **COMPLETE | {setting: name})
            assert result.returncode == (0 if taken else 78), (program, result.stderr)
            assert result.stderr.startswith("" if taken else f"{setting}: ")
        result = render(tmp_path, **{setting: name})
        assert result.returncode == (0 if taken else 78), result.stderr
        assert result.stderr.startswith("" if taken else f"nginx: {setting} ")


# Colors on both sides of the contrast limit, and invalid colors.
COLORS = [
    "0f6257", "#B00020", "000000", "0000ff", "6e6e6c", "71716f", "727270", "777777", "ffcc00", "ffffff",
    "8a1c4a,ff9ec4", "0f6257,333333", "0f6257,808080", "0f6257,7f8a85", "red", "0f62", "0f6257;74d3c1",
    "0f6257,74d3c1,000000",
]  # fmt: skip


@pytest.mark.parametrize("color", COLORS)
def test_u3_frontend_and_nginx_reject_a_color_with_the_same_message(tmp_path, color):
    frontend, proxy = check("WebFrontend", **COMPLETE | {"SITE_COLOR": color}), render(tmp_path, SITE_COLOR=color)
    assert frontend.returncode == proxy.returncode in (0, 78)
    if "contrast" in frontend.stderr:
        assert proxy.stderr.removeprefix("nginx: ") == frontend.stderr
        assert re.search(r"has a contrast of [1-4]\.\d\d:1 with (light|dark) pages", frontend.stderr)


def test_u3_the_documented_settings_are_validated(tmp_path):
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>')
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/en.json").write_text('{"home_heading": "Books"}')
    settings = {
        "SITE_NAME": "Books", "SITE_NAME_JA": "本屋",
        "SITE_LOGO": f"{tmp_path}/logo.svg", "SITE_ICON": f"{tmp_path}/logo.svg", "SITE_COLOR": "8a1c4a,ff9ec4",
        "SITE_TERMS_URL": "https://www.example.com/terms",
        "SITE_PRIVACY_URL": "https://www.example.com/privacy", "SITE_SUPPORT_URL": "mailto:help@example.com",
        "SITE_TEXTS": f"{tmp_path}/texts",
    }  # fmt: skip
    result = check("WebFrontend", **COMPLETE | settings)
    assert result.returncode == 0, result.stderr
    (tmp_path / "texts/en.json").write_text('{"home_headline": "Books"}')
    (tmp_path / "logo.svg").write_text("<html>")
    result = check("WebFrontend", **COMPLETE | settings | {"SITE_SUPPORT_URL": "javascript:alert(1)"})
    assert result.returncode == 78
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        "SITE_LOGO", "SITE_ICON", "SITE_SUPPORT_URL", "SITE_TEXTS",
    ]  # fmt: skip
    assert "SITE_TEXTS: en.json: there is no text home_headline" in result.stderr


def test_u3_the_texts_that_can_be_replaced_are_printed():
    for language in ("en", "ja"):
        command = [binary("WebFrontend"), "texts", language]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        source = ROOT / f"Sources/WebFrontend/Resources/Translations/{language}.json"
        assert json.loads(printed) == json.loads(source.read_text())
    wrong = subprocess.run([binary("WebFrontend"), "texts", "fr"], capture_output=True, text=True)
    assert wrong.returncode != 0 and "en and ja" in wrong.stderr


NAME = "<script>\"A\" & 'B' \\ $x ${y} ;{}"


@pytest.fixture(scope="module")
def branded():
    """An nginx of a site with its own name and color, without servers."""
    with nginx(*free_ports(2), SITE_NAME=NAME, SITE_NAME_JA="本屋", SITE_COLOR="8a1c4a,ff9ec4") as run:
        yield run


@pytest.mark.parametrize(("language", "name"), [("en", NAME), ("ja", "本屋")])
def test_u3_nginx_pages_have_the_name_in_both_languages(branded, language, name):
    page = fetch(branded.port, "/login", headers={"Accept-Language": language})
    assert page.status == 502
    text = page.body.decode()
    assert "<script" not in text and "yoshikosan" not in text and "<svg" not in text
    assert html.unescape(re.search("<span>(.*)</span>", text)[1]) == name
    assert html.unescape(re.search("<title>(.*)</title>", text)[1]).endswith(f" · {name}")
    assert '<link rel="stylesheet" href="/error-colors.css">' in text


def test_u3_nginx_pages_have_the_color_and_its_dark_variant(branded):
    style = fetch(branded.port, "/error-colors.css")
    assert (style.status, style.one("Content-Type").split(";")[0]) == (200, "text/css")
    assert style.one("X-Content-Type-Options") == "nosniff"
    assert ":root{--accent:#8a1c4a;" in style.body.decode()
    assert "@media (prefers-color-scheme:dark){:root{--accent:#ff9ec4;" in style.body.decode()


def test_u3_without_settings_nothing_changes(front):
    assert fetch(front.port, "/error-colors.css").status == 404


def test_u3_frontend_and_nginx_compute_the_same_colors(tmp_path):
    """The style sheet of the pages ends with the one of the error pages, for colors of every kind."""
    for color in ("0f6257", "B00020", "0000ff", "000000", "6e6e6c", "7a4a00", "8a1c4a,ff9ec4"):
        with showcase(SITE_COLOR=color) as (port, _):
            home = fetch(port, "/").body.decode()
            style = fetch(port, re.search(r'href="(/assets/site[^"]*\.css)"', home)[1]).body
            errors = fetch(port, "/error-colors.css")
            assert errors.status == 200 and style.strip().endswith(errors.body)


def test_u3_the_api_index_has_its_name_version_and_documentation_links(site):
    response = site.fetch("/api/")
    assert (response.status, response.one("Content-Type")) == (200, "application/json")
    document = response.json()
    assert document == {
        "name": "yoshikosan", "version": document["version"],
        "docs": f"{site.url}/docs", "openapi": f"{site.url}/openapi.json",
    }  # fmt: skip
    assert document["version"] == site.fetch("/openapi.json").json()["info"]["version"]


def test_u3_with_an_application_at_the_root_the_api_index_belongs_to_the_application(proxy):
    """Only /api/auth/ belongs to the sign-in: an application often has its own API."""
    assert proxy.fetch("/api/").status == 200
    assert proxy.received().target == "/api/"
