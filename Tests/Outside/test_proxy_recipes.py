"""The text of the recipes of examples/proxies, for versions and proxies that do not run here."""

import itertools
import re

from protected_application import IDENTITY
from site_under_test import ROOT

RECIPES = ROOT / "examples/proxies"


def test_app1_traefik_removes_every_spelling_of_the_identity_headers():
    """Traefik cannot match header names by pattern, so the recipe lists every spelling. It does not run here."""
    recipe = (RECIPES / "traefik.yml").read_text()
    removed = set(re.findall(r'^ +([\w-]+): ""$', recipe, re.M))
    for name in IDENTITY:
        first, *rest = name.split("-")
        for separators in itertools.product("-_", repeat=len(rest)):
            spelling = first + "".join(map("".join, zip(separators, rest, strict=True)))
            assert spelling in removed, spelling


def test_app7_caddy_replaces_the_cookies_itself():
    """Caddy 2.10 does not copy an empty header: `copy_headers` would leave the session cookie in the request."""
    recipe = (RECIPES / "Caddyfile").read_text()
    assert "X-Application-Cookie>Cookie" not in recipe
    assert recipe.index("forward_auth 127") < recipe.index("request_header Cookie ") < recipe.rindex("reverse_proxy ")
