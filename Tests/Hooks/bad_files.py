"""For each hook, files that it must reject with the expected line and words, and files that it must accept.

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
    "structure": {
        "Sources/AuthAPI/HTTP/Long.swift": ("// A line.\n" * 301, ["301: 301 lines; the limit is 300"]),
        "Sources/AuthAPI/HTTP/Bad.swift": (
            "internal import CLibPQ\nimport Foundation\nlet x = try! y()\n",
            ["1: only Sources/PostgresClient", "2: FoundationEssentials", "3: throw an error"],
        ),
        "Sources/AuthAPI/Features/BadStore.swift": ("import Hummingbird\n", ["1: do not depend on HTTP"]),
        "Sources/Shared/Bad.swift": (
            "import AuthAPI\nfinal class Box: @unchecked Sendable {}\n",
            ["1: Shared depends on neither", "2: why this is safe"],
        ),
        "Sources/WebFrontend/Bad.swift": ("import AuthAPI\n", ["1: over HTTP only"]),
        "scripts/bad": (f"# {'TO' + 'DO'}: later\n", ["1: finish it"]),
    },
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
        "Sources/WebFrontend/Resources/Public/form.css": ("a {color: red}\n", ["1: not formatted"]),
        "Sources/WebFrontend/Resources/Public/bad.js": (
            "const a = 1;\nvar b = a == 2;\nexport { b }\n",
            ["2: noVar", "2: noDoubleEquals"],
        ),
        "Sources/WebFrontend/Resources/Public/broken.js": ("const a = ;\n", ["1: "]),
    },
    "shell": {
        "scripts/bad": (
            '#!/usr/bin/env bash\nrm $1\nif true; then\n  echo "x"\nfi\n',
            ["2: [SC2086]", "4: not formatted"],
        ),
        "docker/bad": ("#!/bin/sh\n[[ -e x ]]\n", ["2: SC3010"]),
    },
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
    "text": {
        "docs/bad.md": (
            f"blanks \nreturn\r\n{MARKER} mine\n{PRIVATE}\nend",
            ["1: trailing white space", "2: carriage return", "3: a merge marker", "4: a private key", "5: no newline"],
        ),
        "docs/large.bin": (b"\0" * 500_001, ["1: 500001 bytes"]),
        "docs/bad.json": ('{\n  "a": 1,\n  "a": 2\n}\n', ['3: "a" occurs twice']),
        "docs/broken.json": ('{\n  "a": 1,\n}\n', ["3: not JSON"]),
        "docs/bad.toml": ("a = 1\nb = \n", ["2: not TOML"]),
        "docs/latin.txt": (b"caf\xe9\n", ["1: not UTF-8"]),
        "docs/empty-lines.txt": ("a\n\n", ["2: an empty line at the end"]),
    },
    "links": {
        "docs/bad-links.md": (
            "# A title\n\n[a](nowhere.md)\n[b](#a-title), `[c](gone.md)`\n[d](#other) ![e](images/gone.webp)\n"
            "[f](../README.md#nothing)\n```\n[g](gone.md)\n```\n[h](../../outside.md)\n",
            ["3: nowhere.md", "5: #other", "5: images/gone.webp", "6: ../README.md#nothing", "10: ../../outside.md"],
        ),
    },
    "secrets": {
        ".env.staging": (f"A=1\nAWS_KEY={KEY}\n", ["2: AWS Access Key"]),
        "Sources/Shared/Bad.swift": (f'let secret = "{"Tr0ub4dor" + "&3x"}"\n', ["1: Secret Keyword"]),
        "Tests/Support/bad.py": (f'u = "https://me:{"hunter" + "22x"}@example.com"\n', ["1: Basic Auth"]),
    },
}

# Hook, file, replaced text, replacement, expected message.
EDITS = [
    ("compose", "compose.yml", "    depends_on:", "    depend_on:", "compose.yml:{line}: not allowed"),
    ("compose", "docker/stack.yml", "    deploy:", "    deplay:", "docker/stack.yml:{line}: not allowed"),
    ("compose", "compose.yml", "    networks:", "    networks", "compose.yml: yaml"),
    ("nginx", "nginx.conf", "server_tokens off;", "server_token off;", "nginx.conf:{line}: unknown directive"),
    ("nginx", PROXY, "proxy_redirect off;", "proxy_redirect;", f"{PROXY}:{{line}}: invalid"),
    ("nginx", "nginx.conf", PASS, f"            add_header X-A a;\n{PASS}", "nginx.conf:{line}: not inside a location"),
    ("nginx", "nginx.conf", PASS, f"            return 302 https://$host$uri;\n{PASS}", "nginx.conf:{line}: gixy"),
    ("migrations", f"{MIGRATIONS}/{FIRST}", "name text NOT NULL", "name text", f"{MIGRATIONS}/{FIRST}:1: released"),
    ("migrations", RELEASED, FIRST, "0001_x.up.sql", f"{RELEASED}:2: no longer exists"),
    ("migrations", RELEASED, FIRST, "0001_x.up.sql", f"{RELEASED}:1: released migrations stay listed"),
    ("settings", ".env.example", "#AUDIT_RETENTION=90", "#AUDIT_RETENTION=91", "docs/configuration.md: differs from"),
    ("settings", "docs/configuration.md", "## Audit trail", "## Audit", "docs/configuration.md:{line}: differs from"),
    ("version", VERSION, 'current = "', 'current = "9.', "docker/Dockerfile: Version.swift says 9."),
    ("version", VERSION, 'current = "', 'current = "v', f"{VERSION}:{{line}}: semantic"),
    ("version", "docker/Dockerfile", "ARG VERSION=", "ARG VERSION=9.", f"docker/Dockerfile:{{line}}: but {VERSION}"),
    ("version", "CHANGELOG.md", "## [0.", "## 0.", "CHANGELOG.md:1: no section"),
]

GOOD = {
    "swift": ["Sources/AuthAPI/AuthAPI.swift"],
    "outside-text": [
        "Sources/Shared/Text/OutsideText.swift",
        "Sources/Shared/Server/SettingsReader.swift",
        "Sources/AuthAPI/HTTP/JSONBody.swift",
    ],
    "structure": ["Sources/PostgresClient/PostgresLink.swift", "docs/images/register.webp"],
    "templates": ["Sources/WebFrontend/Resources/Templates/layout.mustache", "docker/nginx/errors/error.html"],
    "web": ["Sources/WebFrontend/Resources/Public/site.js", "Sources/WebFrontend/Resources/Public/base.css"],
    "shell": ["scripts/dev", "scripts/lib/common.sh", "docker/nginx/render"],
    "python": ["hooks/format", "Tests/conftest.py"],
    "dockerfile": ["docker/Dockerfile"],
    "yaml": ["compose.yml", ".pre-commit-config.yaml"],
    "compose": ["compose.yml"],
    "nginx": ["nginx.conf"],
    "migrations": ["Sources/AuthAPI/Migrations/0001_authentication.up.sql"],
    "text": ["README.md", ".swift-format", "hooks/ruff.toml", "docs/images/register.webp"],
    "links": ["README.md", "docs/README.md"],
    "settings": [".env.example", "docs/configuration.md"],
    "secrets": [".env.example", "hooks/secrets.accepted", "Tests/AuthAPITests/Sessions/TokenTests.swift"],
    "version": ["docker/Dockerfile", "CHANGELOG.md", "Sources/Shared/Version.swift"],
}
