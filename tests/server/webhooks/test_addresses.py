"""Which addresses a webhook may lead to."""

from __future__ import annotations

import pytest

from server.errors import WebhookError
from server.webhooks.addresses import callable_addresses, look_up, reach_of

PUBLIC = ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"]
OWN = [
    "127.0.0.1",
    "127.8.9.10",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fc00::1",
    "fec0::1",
    "::ffff:127.0.0.1",
    "::ffff:192.168.1.1",
]
NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        *((each, "public") for each in PUBLIC),
        *((each, "own") for each in OWN),
        *((each, "never") for each in NEVER),
    ],
)
def test_whose_an_address_is(address: str, reach: str) -> None:
    assert reach_of(address) == reach


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_nobodys(address: str, private: bool) -> None:
    with pytest.raises(WebhookError, match="no address that a webhook may have"):
        callable_addresses("https://h.test/", private=private, look_up=lambda *_: [address])


@pytest.mark.parametrize("address", OWN)
def test_own_addresses_are_called_only_where_they_are_allowed(address: str) -> None:
    def found(host: str, port: int) -> list[str]:
        assert (host, port) == ("h.test", 80)
        return [address]

    assert callable_addresses("http://h.test/", private=True, look_up=found) == [address]
    with pytest.raises(WebhookError, match="REALSPIKE_WEBHOOK_PRIVATE"):
        callable_addresses("https://h.test/", private=False, look_up=lambda *_: [address])


def test_a_name_with_several_addresses_is_called_at_those_that_pass() -> None:
    found = ["127.0.0.1", "8.8.8.8", "169.254.1.1"]
    passed = callable_addresses("https://h.test/", private=False, look_up=lambda *_: found)
    assert passed == ["8.8.8.8"]
    passed = callable_addresses("https://h.test/", private=True, look_up=lambda *_: found)
    assert passed == ["127.0.0.1", "8.8.8.8"]
    passed = callable_addresses("http://h.test/", private=True, look_up=lambda *_: found)
    assert passed == ["127.0.0.1"]


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:7f00:1]"]
)
def test_every_spelling_of_this_machine_is_seen(host: str) -> None:
    with pytest.raises(WebhookError, match="which is not public"):
        callable_addresses(f"https://{host}/", private=False)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://h.test/", "use https"),
        ("ftp://h.test/", "https://host/path"),
        ("https://", "https://host/path"),
        ("/path", "https://host/path"),
        ("https://user:secret@h.test/", "leave out user"),
        ("https://h.test/#part", "leave out user"),
        ("https://h.test:99999/", "99999 is no port"),
        ("https://[::1/", "no URL"),
        ("https://0177.0.0.1/", "no URL"),
        ("https://xn--/", "cannot be looked up"),
    ],
)
def test_what_no_webhook_may_have(url: str, says: str) -> None:
    with pytest.raises(WebhookError, match=says):
        callable_addresses(url, private=False)


def test_public_addresses_are_called_over_https_only() -> None:
    with pytest.raises(WebhookError, match="use https there"):
        callable_addresses("http://h.test/", private=True, look_up=lambda *_: ["8.8.8.8"])


def test_a_name_that_there_is_not() -> None:
    with pytest.raises(WebhookError, match=r"nowhere\.invalid cannot be looked up"):
        callable_addresses("https://nowhere.invalid/", private=False)


def test_each_address_is_there_once() -> None:
    assert look_up("127.0.0.1", 80) == ["127.0.0.1"]
