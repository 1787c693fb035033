"""The description of the API (A15)."""

import html
import json
import re
import subprocess

from openapi_spec_validator import OpenAPIV31SpecValidator
from site_under_test import binary


def test_a15_the_description_is_valid_openapi_3_1(site):
    document = site.fetch("/openapi.json").json()
    assert document["openapi"].startswith("3.1.")
    errors = list(OpenAPIV31SpecValidator(document).iter_errors())
    assert errors == []


def test_a15_the_exported_description_is_the_served_one(site):
    exported = subprocess.run([binary("AuthAPI"), "openapi"], check=True, capture_output=True).stdout
    assert json.loads(exported) == site.fetch("/openapi.json").json()


def test_a15_every_operation_is_in_the_readable_reference(site):
    page = site.fetch("/docs").body.decode()
    text = html.unescape(re.sub(r"<[^>]*>", "", page))
    for path, item in site.fetch("/openapi.json").json()["paths"].items():
        for method in item:
            if method in {"get", "post", "put", "patch", "delete"}:
                assert path in text, f"{method} {path} is not on /docs"
    assert "curl" in page
    assert re.findall("<script[^>]*>", page) == ['<script type="module" src="/docs/try.js">']
