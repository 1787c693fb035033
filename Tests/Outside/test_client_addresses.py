"""W30: nginx determines the client address like the servers; they share the table (ClientAddressTests.swift)."""

import ipaddress
import json

import pytest
from site_under_test import ROOT, fetch, nginx

PROXY = "127.0.0.2"
TABLE = json.loads((ROOT / "Tests/Support/client_addresses.json").read_text())
BURST = 2


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["said"] or "empty")
def test_w30_nginx_parses_every_notation_of_an_address_like_the_servers(front, row):
    response = fetch(front.port, "/", source=PROXY, headers={"X-Forwarded-For": row["said"]})
    [handed_on] = response.json()["headers"]["x-real-ip"]
    assert response.json()["headers"]["x-forwarded-for"] == [handed_on]
    address = ipaddress.ip_address(handed_on)
    address = getattr(address, "ipv4_mapped", None) or address
    assert address == ipaddress.ip_address(row["client"] or PROXY)


def test_w30_the_client_address_is_found_behind_several_headers_and_proxies(front):
    chain = {"X-Forwarded-For": "203.0.113.4, [2001:db8::2], 10.9.8.7"}
    assert fetch(front.port, "/", source=PROXY, headers=chain).json()["headers"]["x-real-ip"] == ["2001:db8::2"]
    # Entries that a client sent to the proxy are ignored.
    chain = {"X-Forwarded-For": "[2001:db8::66], 198.18.7.9"}
    assert fetch(front.port, "/", source=PROXY, headers=chain).json()["headers"]["x-real-ip"] == ["198.18.7.9"]
    # So are those of a client that bypasses the proxy.
    assert fetch(front.port, "/", headers=chain).json()["headers"]["x-real-ip"] == ["127.0.0.1"]
    only = {"X-Forwarded-For": "[2001:db8::66]"}
    assert fetch(front.port, "/", headers=only).json()["headers"]["x-real-ip"] == ["127.0.0.1"]


@pytest.fixture(scope="module")
def strict(echoes):
    """An nginx that allows three attempts per client."""
    with nginx(*echoes, TRUSTED_PROXIES=PROXY, CREDENTIAL_RATE="1", CREDENTIAL_BURST=str(BURST)) as run:
        yield run


@pytest.mark.parametrize(
    ("clients", "another"),
    [
        (["::ffff:198.18.1.1"] * 3, "::ffff:198.18.1.2"),
        (["[::ffff:198.18.2.1]"] * 3, "[::ffff:198.18.2.2]"),
        (["::ffff:198.18.3.1", "198.18.3.1", "::FFFF:c612:301"], "198.18.3.2"),
        (["64:ff9b::198.18.4.1"] * 3, "64:ff9b::198.18.4.2"),
        (["[64:ff9b::c612:501]"] * 3, "[64:ff9b::c612:502]"),
        (["2002:c612:601:1::5", "2002:c612:601:ffff::5", "2002:c612:601::1"], "2002:c612:602::1"),
        (["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3"], "2001:db8:1:3::1"),
        (["[2001:db8:5:2::1]", "[2001:db8:5:2:ffff::1]", "[2001:db8:5:2::3]"], "[2001:db8:5:3::1]"),
        (["[0:0:0:0:0:ffff:198.18.7.1]"] * 3, "[0:0:0:0:0:ffff:198.18.7.2]"),
        (["[0:0:0:0:0:FFFF:c612:801]"] * 3, "[0:0:0:0:0:FFFF:c612:802]"),
        (["[0064:ff9b:0:0:0:0:c612:901]"] * 3, "[0064:ff9b:0:0:0:0:c612:902]"),
        (["[2001:db8::1]", "[2001:db8::2]", "[2001:db8::3]"], "[2001:db9::1]"),
    ],
)
def test_w30_clients_in_one_network_share_a_limit(strict, clients, another):
    def attempt(client):
        return fetch(strict.port, "/login", "POST", source=PROXY, headers={"X-Forwarded-For": client}).status

    assert [attempt(client) for client in clients] == [200] * (BURST + 1)
    assert attempt(clients[0]) == 429
    assert attempt(another) == 200
