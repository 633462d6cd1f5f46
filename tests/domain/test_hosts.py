"""Which names a grant covers, and which addresses are the internet's."""

from __future__ import annotations

import pytest

from hermes_tui.domain.hosts import covers, covers_private, is_public, plain_host


@pytest.mark.parametrize(
    ("grant", "host", "port", "covered"),
    [
        ("api.example.org", "api.example.org", 443, True),
        ("API.example.org", "api.example.org", 80, True),
        ("api.example.org", "api.example.org", 22, False),
        ("api.example.org:22", "api.example.org", 22, True),
        ("api.example.org:22", "api.example.org", 443, False),
        ("example.org", "api.example.org", 443, False),
        ("example.org", "evilexample.org", 443, False),
        ("*.example.org", "api.example.org", 443, True),
        ("*.example.org", "a.b.example.org", 443, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", "evilexample.org", 443, False),
        ("*.0.0.1", "127.0.0.1", 443, False),
        ("127.0.0.1:8000", "127.0.0.1", 8000, True),
        ("127.0.0.1:8000", "127.0.0.1", 8001, False),
        ("[::1]:8000", "::1", 8000, True),
        ("::1", "::1", 8000, True),
        ("localhost", "localhost", 11434, True),
    ],
)
def test_a_grant_covers_exactly_what_it_names(grant: str, host: str, port: int, covered: bool) -> None:
    assert covers((grant,), host, port) is covered


@pytest.mark.parametrize(
    "name",
    [
        *("a b", "a\0b", "a\nb", "", ".", "-a.org", "a..org", "http://a", "a/b", "a@b", "a:1", "%2e", "ä.org", "a,b"),
        *("127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "fe80::1%eth0", "[::1", "a" * 64, "a." * 200),
    ],
)
def test_a_name_that_could_be_read_in_two_ways_is_none(name: str) -> None:
    assert plain_host(name) is None


@pytest.mark.parametrize(
    ("name", "plain"), [("A.Org.", "a.org"), ("[::1]", "::1"), ("127.0.0.1", "127.0.0.1"), ("_dns.a-b.x", "_dns.a-b.x")]
)
def test_a_name_has_one_plain_form(name: str, plain: str) -> None:
    assert plain_host(name) == plain


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1"),
        *("255.255.255.255", "192.0.2.1", "198.18.0.1", "fe80::1%eth0"),
    ],
)
def test_addresses_of_this_machine_and_its_networks_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_public_addresses_are() -> None:
    assert all(map(is_public, ("93.184.215.14", "2606:2800:21f:cb07::1", "::ffff:93.184.215.14")))


def test_a_name_is_never_a_grant_for_a_private_address() -> None:
    assert not covers_private(("internal.example.org", "*.example.org"), "internal.example.org", 80)
    assert covers_private(("127.0.0.1:80", "localhost"), "127.0.0.1", 80)
