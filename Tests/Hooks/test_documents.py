"""U4: The documents are short where required, complete, and name only existing commands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# Upgrading also names settings that were removed.
CURRENT = [document for document in DOCUMENTS if document.name != "upgrading.md"]


def text(name: str) -> str:
    return (ROOT / name).read_text()


def test_u4_the_readme_can_be_read_in_five_minutes():
    assert len(text("README.md").split()) <= 900


def test_u4_the_index_lists_every_page():
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", text("docs/README.md")))
    assert listed == {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}


def test_requirements_in_test_names_are_listed():
    listed = set(re.findall(r"^\| ([A-Z]+\d+) \|", text("docs/requirements.md"), re.MULTILINE))
    tests = "".join(file.read_text() for file in (ROOT / "Tests").rglob("test_*.py"))
    tests += "".join(file.read_text() for file in (ROOT / "Tests").rglob("*Tests.swift"))
    named = {name.upper() for name in re.findall(r"def test_((?:[acdefmnquw]|app)\d+)_", tests)}
    named |= set(re.findall(r"(?:@Test\(\n? *\"|\"\"\")([ACDEFMNQUW]\d+)[ ,:]", tests))
    assert len(named) > 100 and named <= listed, named - listed


def test_tests_in_the_threat_model_exist():
    named = set(re.findall(r"`(?:Tests/\w+/)?(\w+)(?:Tests`|\.py`)", text("docs/threat-model.md")))
    files = {path.stem.removesuffix("Tests") for path in (ROOT / "Tests").rglob("*")}
    assert len(named) > 20 and named <= files, named - files


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_contain_no_placeholder_figures(document):
    assert not re.findall(r"@[A-Z]+@", document.read_text())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_u4_make_commands_in_documents_exist(document):
    makefiles = text("Makefile") + text("docker/docker.mk")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefiles, re.MULTILINE))
    code = " ".join(re.findall(r"`([^`]+)`", document.read_text()))
    named = set(re.findall(r"\bmake ([a-z][a-z-]+)", code))
    assert named <= targets, named - targets


@pytest.mark.parametrize("document", CURRENT, ids=lambda path: path.name)
def test_u4_settings_in_documents_exist(document):
    documented = set(re.findall(r"^(?:#|# )?([A-Z][A-Z0-9_]*)=", text(".env.example"), re.MULTILINE))
    programs = [path.read_text() for path in (ROOT / "scripts").rglob("*") if path.is_file()]
    programs += [text("Makefile"), text("docker/docker.mk"), text("docker/nginx/render")]
    known = documented | set(re.findall(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b", "\n".join(programs)))
    # Up to nine OpenID providers have the same settings.
    text_of_one = re.sub(r"\bOIDC_[2-9]_", "OIDC_", document.read_text())
    named = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`", text_of_one))
    assert named <= known, named - known


def sources(pattern: str = "*.swift") -> str:
    return "\n".join(path.read_text() for path in sorted((ROOT / "Sources").rglob(pattern)))


def first_column(page: str, heading: str) -> set[str]:
    """The code in the first column of the tables below a heading."""
    section = text(page).split(f"\n{heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\|([^|]+)\|", section, re.MULTILINE)
    return {code for cell in cells for code in re.findall(r"`([^`]+)`", cell)}


def test_u4_every_audit_event_is_documented():
    source = text("Sources/AuthAPI/Features/Audit/AuditEventKind.swift")
    kinds = source.split("enum AuditEventKind")[1].split("\n}\n")[0]
    events = {value or name for name, value in re.findall(r'^    case (\w+)(?: = "(\w+)")?$', kinds, re.MULTILINE)}
    assert first_column("docs/operations.md", "## Audit trail") == events


def test_e8_every_metric_is_documented():
    files = "".join(path.read_text() for path in (ROOT / "Sources").glob("*/Metrics/*.swift"))
    metrics = set(re.findall(r'"((?:auth|build|http|process)_[a-z_]+)"', files))
    assert len(metrics) > 20 and first_column("docs/monitoring.md", "## Metrics") == metrics


def test_e5_documented_log_events_exist():
    events = first_column("docs/monitoring.md", "## Logs") - {"message"}
    known = sources()
    assert len(events) > 5 and not {event for event in events if f'"{event}"' not in known}


def test_reasons_and_log_lines_in_the_page_about_providers_exist():
    quoted = re.findall(r'(?:reason is|log line) "([^"]+)"', text("docs/providers.md"))
    known = sources()
    assert len(quoted) > 4 and not [reason for reason in quoted if reason not in known]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_u4_operator_commands_in_documents_exist(document):
    commands = "\n".join(path.read_text() for path in (ROOT / "Sources/AuthAPI/Commands").rglob("*.swift"))
    known = set(re.findall(r'commandName: "([a-z-]+)"', commands))
    groups = set(re.findall(r'commandName: "(\w+)",(?:(?!commandName).)*?subcommands: \[', commands, re.DOTALL))
    known |= {name.lower() for name in re.findall(r"struct (\w+): AsyncParsableCommand", commands)}
    code = " ".join(re.findall(r"`([^`]+)`", document.read_text()))
    named = re.findall(r"\bAuthAPI ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?", code)
    assert not [pair for pair in named if pair[0] not in known or (pair[0] in groups and pair[1] not in known | {""})]


def test_a15_error_texts_in_the_examples_of_the_api_exist():
    details = re.findall(r'"title": "([^"]+)",\s+"status": \d+,\s+"detail": "([^"]+)"', sources("openapi.json"))
    known = sources()
    # Some texts contain a number or a list, so only their beginnings are compared.
    assert len(details) > 20
    assert not {detail for title, detail in details if detail[:18] not in known and detail != f"{title}."}
