"""Whose word about the address of a caller counts."""

import pytest

from contactpoints.rules.addresses_of_callers import address_of_caller
from schemas.networks import network_of

TRUSTED = tuple(network_of(each) for each in ("10.0.0.0/8", "2001:db8:aa::/48", "::ffff:192.168.7.0/120"))
ONE, OTHER = "203.0.113.5", "198.51.100.7"


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        pytest.param(ONE, [], ONE, id="who calls without a proxy"),
        pytest.param(ONE, [OTHER], ONE, id="who claims to be somebody else without a proxy of ours"),
        pytest.param(ONE, ["10.0.0.9"], ONE, id="who claims to be our proxy"),
        pytest.param("10.0.0.9", [ONE], ONE, id="whom our proxy heard"),
        pytest.param("10.0.0.9", [f"{OTHER}, {ONE}"], ONE, id="whom it heard, and not what they claim to be"),
        pytest.param("10.0.0.9", [f"{OTHER}, {ONE}, 10.9.9.9"], ONE, id="behind two proxies of ours"),
        pytest.param("10.0.0.9", [OTHER, f"{ONE} , 10.9.9.9"], ONE, id="where the claim is a header of its own"),
        pytest.param("10.0.0.9", [f"{OTHER}, 10.1.1.1, {ONE}"], ONE, id="a proxy of ours in the claim changes nothing"),
        pytest.param("10.0.0.9", ["10.1.1.1, 10.2.2.2"], "10.1.1.1", id="somebody inside, the first of all"),
        pytest.param("10.0.0.9", [], "10.0.0.9", id="our proxy itself"),
        pytest.param("10.0.0.9", [f"{OTHER}, unknown"], None, id="what our proxy did not know is not guessed"),
        pytest.param("10.0.0.9", [f"{OTHER},"], None, id="nor where it wrote nothing"),
        pytest.param("10.0.0.9", [f"{ONE}:4711"], ONE, id="with a port"),
        pytest.param("10.0.0.9", ["[2001:db8::1]:4711"], "2001:db8::1", id="IPv6 with a port"),
        pytest.param("10.0.0.9", ["2001:DB8:0::1"], "2001:db8::1", id="IPv6 in another spelling"),
        pytest.param("2001:db8:aa::9", ["2001:db8::1"], "2001:db8::1", id="our proxy by IPv6"),
        pytest.param("::ffff:10.0.0.9", [ONE], ONE, id="our proxy where the doors listen on both kinds"),
        pytest.param("192.168.7.1", [ONE], ONE, id="our proxy that was set dressed up as IPv6"),
        pytest.param("10.0.0.9", [f"::ffff:{ONE}"], ONE, id="IPv4 dressed up as IPv6"),
        pytest.param("::ffff:203.0.113.5", [OTHER], ONE, id="who dresses up is no proxy of ours"),
        pytest.param("fe80::1%eth0", [OTHER], "fe80::1", id="on the same link"),
        pytest.param(None, [ONE], None, id="over a socket without addresses"),
        pytest.param("testclient", [ONE], None, id="no address at all"),
    ],
)
def test_the_address_of_a_caller(peer: str | None, forwarded: list[str], found: str | None) -> None:
    told = address_of_caller(peer, forwarded, trusted=TRUSTED)
    assert (None if told is None else str(told)) == found


@pytest.mark.parametrize("text", ["10.0.0.1/8", "proxy", "10.0.0.0/33", "::ffff:10.0.0.1/104", ""])
def test_what_names_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        network_of(text)
