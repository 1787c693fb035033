"""Every page in every state, in English, with JavaScript (F5, F6). Each file runs in one process."""

import pytest
import state_checks


@pytest.fixture(scope="module")
def page(chromium):
    with state_checks.window(chromium, "en", True) as page:
        yield page


@state_checks.cases(True)
def test_f6_every_state_is_accessible_and_fits(page, ports, tally, state):
    state_checks.check(page, ports, tally, state, "en", True)
