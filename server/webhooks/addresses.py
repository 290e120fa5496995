"""Where a webhook may lead: a name is looked up, and only addresses that pass may be called.

Whoever may add a webhook could otherwise make the service call what only its own machines reach.
A name may resolve to another address later, so this is asked again before every call, and the
call goes to the very addresses that passed.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from typing import Literal

import httpx

from server.errors import WebhookError

Address = IPv4Address | IPv6Address
LookUp = Callable[[str, int], list[str]]
PORTS = {"https": 443, "http": 80}
SHARED = IPv4Network("100.64.0.0/10")
"""Addresses behind a provider's translation, which are neither public nor called private."""
ALLOW = "REALSPIKE_WEBHOOK_PRIVATE=true allows addresses of your own network"


def look_up(host: str, port: int) -> list[str]:
    """Addresses of a host by the system's resolver; raises OSError when there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def callable_addresses(url: str, *, private: bool, look_up: LookUp = look_up) -> list[str]:
    """Addresses at which a webhook's URL may be called, best first.

    Public ones over https; with `private`, also those of this machine and of its own network,
    over http too.

    Raises:
        WebhookError: the URL cannot be a webhook's, or leads to no address that may be called.
    """
    parsed = parse_url(url, private=private)
    host = parsed.raw_host.decode("ascii")
    try:
        found = look_up(host, parsed.port or PORTS[parsed.scheme])
    except (OSError, UnicodeError) as error:
        raise WebhookError(f"{host} cannot be looked up: {error}") from error
    allowed = {"own"} if parsed.scheme == "http" else {"public", "own" if private else "public"}
    passed = [each for each in found if reach_of(each) in allowed]
    if not passed:
        raise WebhookError(_refusal(host, found, parsed.scheme, private=private))
    return passed


def parse_url(url: str, *, private: bool) -> httpx.URL:
    """The URL of a webhook; raises WebhookError for one that could never be."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise WebhookError(f"this is no URL: {error}") from error
    if parsed.scheme not in PORTS or not parsed.raw_host:
        raise WebhookError("write it as https://host/path")
    if parsed.port is not None and not 0 < parsed.port < 65536:
        raise WebhookError(f"{parsed.port} is no port")
    if parsed.userinfo or parsed.fragment:
        raise WebhookError(
            "leave out user, password and #fragment; the signature proves the sender"
        )
    if parsed.scheme == "http" and not private:
        raise WebhookError(f"use https; {ALLOW}, over http too")
    return parsed


def reach_of(text: str) -> Literal["public", "own", "never"]:
    """Whose address it is: everybody's, this machine's or its network's, or none to call."""
    address = _unwrapped(text)
    if address.is_loopback:
        return "own"
    if address.is_multicast or address.is_reserved or address.is_unspecified:
        return "never"
    if address.is_link_local:  # where clouds keep the credentials of their machines
        return "never"
    if isinstance(address, IPv6Address):
        if address.sixtofour or address.teredo:  # a tunnel, to wherever it leads
            return "never"
        if address.is_site_local:
            return "own"
    elif address in SHARED:
        return "own"
    return "public" if address.is_global else "own"


def _unwrapped(text: str) -> Address:
    address = ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _refusal(host: str, found: list[str], scheme: str, *, private: bool) -> str:
    reaches = {reach_of(each) for each in found}
    at = f"{host} is at {', '.join(found[:3])}"
    if "own" in reaches and not private:
        return f"{at}, which is not public; {ALLOW}"
    if scheme == "http" and "public" in reaches:
        return f"{at}, which is public; use https there"
    return f"{at}, which is no address that a webhook may have"
