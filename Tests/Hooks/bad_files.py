"""For each hook, files that it must reject, with the expected messages, and files that it must accept.

A message "2: words" must be in a line that begins with the path and line 2, any other message anywhere in the output.

Text that would be rejected in this file is concatenated from parts.
"""

KEY = "AKIA" + "QWERTZUIOPASDFGH"
MARKER = "<" * 7
PRIVATE = "-----BEGIN " + "RSA PRIVATE KEY-----"

PROXY = "docker/nginx/proxy.conf"
PASS = "            proxy_pass http://$frontend;"
MIGRATIONS = "Sources/AuthAPI/Migrations"
FIRST = "0001_authentication.up.sql"
RELEASED = "hooks/migrations.released"
VERSION = "Sources/Shared/Version.swift"

BAD: dict[str, dict[str, tuple[str | bytes, list[str]]]] = {
    "swift": {
        "Sources/Shared/Bad.swift": (
            "/// Adds.\npublic func add(_ one: Int?) -> Int {\n  let two = one!\n    return two\n}\n",
            ["3: [NeverForceUnwrap]", "3: [Indentation]"],
        ),
    },
    "length": {
        "Sources/AuthAPI/HTTP/Long.swift": ("// A line.\n" * 301, ["1: // A line."]),
        "scripts/long": ("# A line.\n" * 301, ["1: # A line."]),
    },
    "libpq": {
        "Sources/AuthAPI/HTTP/Bad.swift": ("// A comment.\ninternal import CLibPQ\n", ["2: import CLibPQ"]),
        "Tests/AuthAPITests/Bad.swift": ("@testable import CLibPQ\n", ["1: import CLibPQ"]),
    },
    "layers": {
        "Sources/Shared/Bad.swift": ("import AuthAPI\n", ["1: import AuthAPI"]),
        "Sources/WebFrontend/Bad.swift": ("import AuthAPI\n", ["1: import AuthAPI"]),
        "Sources/PostgresClient/Bad.swift": ("import WebFrontend\n", ["1: import WebFrontend"]),
    },
    "client-layer": {"Sources/PostgresClient/Bad.swift": ("public import Shared\n", ["1: import Shared"])},
    "http-layer": {
        "Sources/AuthAPI/Features/BadStore.swift": ("import Hummingbird\n", ["1: import Hummingbird"]),
        "Sources/AuthAPI/Features/BadService.swift": ("import Hummingbird\n", ["1: import Hummingbird"]),
    },
    "foundation": {"Sources/AuthAPI/HTTP/Bad.swift": ("import Logging\nimport Foundation\n", ["2: import Foundation"])},
    "random-id": {"Sources/Shared/Bad.swift": ("let a = UUID()\nlet b = UserID()\n", ["1: UUID()", "2: UserID()"])},
    "unchecked": {
        "Sources/Shared/Bad.swift": (
            "// A reason.\n\nfinal class Box: @unchecked Sendable {}\n",
            ["2: ", "final class Box: @unchecked Sendable"],
        ),
    },
    "unfinished": {"scripts/bad": (f"# {'TO' + 'DO'}: later\n", ["1: later"])},
    "outside-text": {
        "Sources/WebFrontend/HTTP/Bad.swift": (
            'let a = Notice(rawValue: text)\nif header == "x" {}\nswitch text {\ncase "x": break\n}\n'
            'if text.hasPrefix("x") {}\nif text.contains("x") {}\nlet b: [String: Int] = [:]\n'
            "let c = uri.queryParameters\nif a.rawValue == text {}\n// bounded: a test\nlet d = text.hasSuffix(b)\n"
            "let e = text.hasSuffix(b)  // bounded: a test\nlet f = texts.sorted()\n",
            [
                "1: quadratic time: use init(exactly:)",
                "2: isExactly or isCaseless",
                "4: an enum of the words",
                "6: begins(with:)",
                "7: contains(bytesOf:)",
                "8: hashes its keys",
                "9: FormFields",
                "10: isExactly",
                "14: sort by utf8",
            ],
        ),
    },
    "templates": {
        "Sources/WebFrontend/Resources/Templates/bad.mustache": (
            "{{#a}}\n<p>{{{b}}}</p>\n<p>{{&b}}</p>\n{{=<% %>=}}\n{{>nowhere}}\n<div>\n{{/a}}\n</div>\n"
            '<img src="/x">\n<p style="color: red" onclick="x()">\n</p>\n<script>x</script>\n<a href={{b}}>x</a>\n'
            '<form action="/x">\n</form>\n<p class="{{#c}}d">x</p>\n</section>\n{{#open}}\n',
            [
                "2: must be escaped",
                "3: must be escaped",
                "4: other delimiters",
                "5: the template nowhere.mustache does not exist",
                "7: does not close <div>",
                "9: <img> without alt",
                "10: no inline style or script (style)",
                "10: no inline style or script (onclick)",
                "12: no inline <script>",
                "13: href is not quoted",
                "14: <form> without method",
                "16: the section c is not closed within this tag",
                "17: </section>",
                "18: {{#open}} is not closed",
            ],
        ),
        "docker/nginx/errors/bad.html": (
            "<!doctype html>\n<html>\n<p>a < b</p>\n",
            ["2: without lang", "3: a stray <", "2: <html> is not closed"],
        ),
    },
    "web": {
        "Sources/WebFrontend/Resources/Public/bad.css": (
            "a {\n  color: red;\n  colr: blue;\n}\n",
            ["3: noUnknownProperty"],
        ),
        "Sources/WebFrontend/Resources/Public/form.css": ("a {color: red}\n", ["form.css format"]),
        "Sources/WebFrontend/Resources/Public/bad.js": (
            "const a = 1;\nvar b = a == 2;\nexport { b }\n",
            ["2: noVar", "2: noDoubleEquals"],
        ),
        "Sources/WebFrontend/Resources/Public/broken.js": ("const a = ;\n", ["1: "]),
    },
    "shellcheck": {
        "scripts/bad": ("#!/usr/bin/env bash\nrm $1\n", ["2: [SC2086]"]),
        "docker/bad": ("#!/bin/sh\n[[ -e x ]]\n", ["2: SC3010"]),
    },
    "shfmt": {"scripts/bad": ("#!/usr/bin/env bash\nif true; then\n  date\nfi\n", ["scripts/bad", "+    date"])},
    "python": {
        "Tests/Support/bad.py": ("import os\n\nprint(undefined)\n", ["1: F401", "3: F821"]),
        "hooks/bad": ("#!/usr/bin/env python3\ndef f(x=[]):\n    return x\n", ["2: B006"]),
    },
    "dockerfile": {
        "docker/more/Dockerfile": ("FROM debian\nRUN cd /tmp && sudo make\n", ["1 DL3006", "2 DL3004"]),
    },
    "yaml": {
        "docker/bad.yml": ("a: 1\na: 2\nb:   3\n", ["2: duplication of key", "3: too many spaces after colon"]),
    },
    "migrations": {
        "Sources/AuthAPI/Migrations/9000_later.up.sql": (
            "ALTER TABLE users ADD COLUMN nickname text NOT NULL;\n",
            ["1: 9000_later.down.sql is missing", "1: is missing before it", "1: adding-required-field"],
        ),
        "Sources/AuthAPI/Migrations/Bad.sql": ("SELECT 1;\n", ["1: the name must have the form"]),
    },
    "white-space": {
        "docs/blank.md": ("a\nblank \n", ["2: blank"]),
        "docs/return.md": ("return\r\n", ["1: return"]),
        "docs/no-end.md": ("a\nend", ["2: end"]),
        "docs/empty-lines.txt": ("a\n\n", ["1: a"]),
    },
    "encoding": {
        "docs/latin-1.md": (b"a\ncaf\xe9\n", ["2: caf"]),
        "docs/overlong.md": (b"slash \xc0\xaf\n", ["1: slash"]),
        "docs/surrogate.md": (b"half \xed\xa0\x80\n", ["1: half"]),
        "docs/cut-off.md": (b"cut \xe3\x81\n", ["1: cut"]),
        "docs/beyond.md": (b"beyond \xf4\x90\x80\x80\n", ["1: beyond"]),
        "docs/nul": (b"zero \0\n", ["1: zero"]),
        "docs/return.md": (b"two\r\n", ["1: two"]),
        "docs/escape.md": (b"a\nbell \x07\x1b[31m\n", ["2: bell"]),
        "docs/delete.md": (b"del \x7f\n", ["1: del"]),
        "docs/mark.md": (b"\xef\xbb\xbfmark\n", ["1: mark"]),
        "docs/override.md": ("a\nif \u202eevil\u202c\n", ["2: if"]),
        "docs/isolate.md": ("\u2066hidden\u2069\n", ["1: hidden"]),
    },
    "merge-conflict": {"docs/bad.md": (f"a\n{MARKER} mine\n", ["2: Merge conflict"])},
    "large-files": {"docs/large.bin": (b"\0" * 513_000, ["docs/large.bin (501 KB) exceeds 500 KB"])},
    "json": {
        "docs/bad.json": ('{\n  "a": 1,\n  "a": 2\n}\n', ["docs/bad.json: Failed to json decode (Duplicate key: a)"]),
        "docs/broken.json": ('{\n  "a": 1,\n}\n', ["line 3"]),
    },
    "toml": {"docs/bad.toml": ("a = 1\nb = \n", ["docs/bad.toml: Invalid value (at line 2"])},
    "links": {
        "docs/bad-links.md": (
            "# A title\n\n[a](nowhere.md)\n[b](#a-title), `[c](gone.md)`\n[d](#other) ![e](images/gone.webp)\n"
            "[f](../README.md#nothing)\n```\n[g](gone.md)\n```\n[h](../../outside.md)\n",
            [
                "[docs/bad-links.md]", "nowhere.md (at 3:", "#other (at 5:", "images/gone.webp (at 5:",
                "README.md#nothing (at 6:", "outside.md (at 10:",
            ],
        ),
    },
    "secrets": {
        "docs/key.md": (f"a\n{PRIVATE}\n", ["2: Private Key"]),
        ".env.staging": (f"A=1\nAWS_KEY={KEY}\n", ["2: AWS Access Key"]),
        "Sources/Shared/Bad.swift": (f'let secret = "{"Tr0ub4dor" + "&3x"}"\n', ["1: Secret Keyword"]),
        "Tests/Support/bad.py": (f'u = "https://me:{"hunter" + "22x"}@example.com"\n', ["1: Basic Auth"]),
    },
}

# Hook, file, replaced text, replacement, expected message.
EDITS = [
    ("compose", "compose.yml", "    depends_on:", "    depend_on:", "compose.yml::$.services 'depend_on' was"),
    ("compose", "docker/stack.yml", "    deploy:", "    deplay:", "docker/stack.yml::$.services 'deplay' was"),
    ("compose", "compose.yml", "    networks:", "    networks", "Failed to parse compose.yml"),
    ("swarm", "docker/stack.yml", "{TAG:-latest}", "{TAG:-${REVISION}}", "docker/stack.yml:{line}: image"),
    ("nginx", "nginx.conf", "server_tokens off;", "server_token off;", "nginx.conf:{line}: unknown directive"),
    ("nginx", PROXY, "proxy_redirect off;", "proxy_redirect;", f"{PROXY}:{{line}}: invalid"),
    ("nginx", "nginx.conf", PASS, f"            add_header X-A a;\n{PASS}", "nginx.conf:{line}: not inside a location"),
    ("nginx", "nginx.conf", PASS, f"            return 302 https://$host$uri;\n{PASS}", "nginx.conf:{line}: gixy"),
    ("migrations", f"{MIGRATIONS}/{FIRST}", "name text NOT NULL", "name text", f"{MIGRATIONS}/{FIRST}:1: released"),
    ("migrations", RELEASED, FIRST, "0001_x.up.sql", f"{RELEASED}:2: no longer exists"),
    ("migrations", RELEASED, FIRST, "0001_x.up.sql", f"{RELEASED}:1: released migrations stay listed"),
    ("settings", ".env.example", "#AUDIT_RETENTION=90", "#AUDIT_RETENTION=91", "docs/configuration.md: differs from"),
    ("settings", "docs/configuration.md", "## Audit trail", "## Audit", "docs/configuration.md:{line}: differs from"),
    ("version", VERSION, 'current = "', 'current = "9.', "docker/Dockerfile: Version.swift is 9."),
    ("version", VERSION, 'current = "', 'current = "v', f"{VERSION}:{{line}}: semantic"),
    ("version", "docker/Dockerfile", "ARG VERSION=", "ARG VERSION=9.", f"docker/Dockerfile:{{line}}: in {VERSION} is"),
    ("version", "CHANGELOG.md", "## [0.", "## 0.", "CHANGELOG.md:1: no section"),
]

GOOD = {
    "swift": ["Sources/AuthAPI/AuthAPI.swift"],
    "outside-text": [
        "Sources/Shared/Text/OutsideText.swift",
        "Sources/Shared/Server/SettingsReader.swift",
        "Sources/AuthAPI/HTTP/JSONBody.swift",
    ],
    "length": ["Sources/PostgresClient/PostgresLink.swift", "scripts/backup"],
    "libpq": ["Tests/AuthAPITests/Support/TestAPI.swift"],
    "layers": ["Sources/WebFrontend/WebFrontend.swift"],
    "client-layer": ["Sources/PostgresClient/PostgresLink.swift"],
    "http-layer": ["Sources/AuthAPI/Features/Users/UserStore.swift"],
    "foundation": ["Sources/AuthAPI/AuthAPI.swift", "Sources/Shared/Text/OutsideText.swift"],
    "random-id": ["Sources/AuthAPI/Crypto/UUID+Random.swift"],
    "unchecked": ["Sources/PostgresClient/PostgresJobQueue.swift", "Sources/PostgresClient/PostgresCanceller.swift"],
    "unfinished": ["Sources/AuthAPI/AuthAPI.swift"],
    "templates": ["Sources/WebFrontend/Resources/Templates/layout.mustache", "docker/nginx/errors/error.html"],
    "web": ["Sources/WebFrontend/Resources/Public/site.js", "Sources/WebFrontend/Resources/Public/base.css"],
    "shellcheck": ["scripts/dev", "scripts/lib/common.sh", "docker/nginx/render"],
    "shfmt": ["scripts/dev", "scripts/lib/common.sh", "docker/nginx/render"],
    "python": ["hooks/secrets", "Tests/conftest.py"],
    "dockerfile": ["docker/Dockerfile"],
    "yaml": ["compose.yml", ".pre-commit-config.yaml"],
    "compose": ["compose.yml", "docker/stack.yml", "examples/app/compose.yml"],
    "nginx": ["nginx.conf"],
    "migrations": ["Sources/AuthAPI/Migrations/0001_authentication.up.sql"],
    "swarm": ["docker/stack.yml"],
    "white-space": ["README.md", ".swift-format", "hooks/ruff.toml"],
    "encoding": ["README.md", "Sources/WebFrontend/Resources/Translations/ja.json"],
    "merge-conflict": ["README.md"],
    "large-files": ["README.md", "docs/images/register.webp"],
    "json": [".swift-format", "Sources/AuthAPI/OpenAPI/openapi.json"],
    "toml": ["hooks/ruff.toml"],
    "links": ["README.md", "docs/README.md"],
    "settings": [".env.example", "docs/configuration.md"],
    "secrets": [".env.example", "hooks/secrets.accepted", "Tests/AuthAPITests/Sessions/TokenTests.swift"],
    "version": ["docker/Dockerfile", "CHANGELOG.md", "Sources/Shared/Version.swift"],
}
