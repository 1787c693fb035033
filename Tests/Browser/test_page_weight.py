"""The cost of a page: bytes and requests through nginx, at the first visit (F5)."""

import pytest
from page_states import STATES

# The whole page with its style sheet and script. Browsers also request the icon, once for the whole site.
MOST_BYTES = 25_000
MOST_REQUESTS = 3


@pytest.mark.parametrize("state", [each for each in STATES if not each.scripted], ids=lambda each: each.name)
def test_a_page_stays_within_its_weight_limits(chromium, ports, tally, state):
    context = chromium.new_context(locale="ja-JP")
    page = context.new_page()
    requests = []
    page.on("request", lambda request: requests.append(request))
    state.open(page, ports)
    page.wait_for_load_state()
    # For a sent form, only the response counts, with its assets as if they were new.
    last = max(index for index, request in enumerate(requests) if request.is_navigation_request())
    own = {request.url for request in requests[last:] if not request.url.endswith((".svg", ".ico"))}
    weights = dict.fromkeys(own, 0)
    for request in requests:
        if request.url in own and (request is requests[last] or not request.is_navigation_request()):
            sizes = request.sizes()
            size = sizes["responseBodySize"] + sizes["responseHeadersSize"]
            weights[request.url] = max(weights[request.url], size)
            if "/assets/" in request.url:
                headers = request.response().headers
                assert headers["content-encoding"] == "gzip"
                assert headers["cache-control"] == "public, max-age=31536000, immutable"
    context.close()
    assert len(weights) <= MOST_REQUESTS, weights
    assert sum(weights.values()) < MOST_BYTES, weights
    tally.setdefault("weights", {})[state.name] = (sum(weights.values()), len(weights))
