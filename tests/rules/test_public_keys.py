"""The fingerprint of an OpenPGP key is the one that GnuPG says."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactpoints.rules.public_keys import openpgp_fingerprint

FINGERPRINT = "AF05DF212A4E14EB3E38B60A9DADC5E0EC9C96F6"
KEY = """-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawe2OBYJKwYBBAHaRw8BAQdAV8JNQfcD9yaXgFyHNm6ArMoKt3xoXntHtCzb
GL4fqX+0KUludmVudGVkIERlc2sgPGRlc2tAY29udGFjdHBvaW50LmV4YW1wbGU+
iJAEExYIADgWIQSvBd8hKk4U6z44tgqdrcXg7JyW9gUCawe2OAIbAwULCQgHAgYV
CgkICwIEFgIDAQIeAQIXgAAKCRCdrcXg7JyW9rmbAQDcdxJr5jFfo2aFG++qiVmU
5f9plUuGX4vKrxyN5zFiBgEAwzRYqBYCJuTSic+UhqqouM/2gtIOKLvCkGsyl2t1
3w0=
=BJfg
-----END PGP PUBLIC KEY BLOCK-----"""


def _armoured(packets: bytes) -> str:
    return KEY.replace(_body(KEY), base64.b64encode(packets).decode())


def _body(key: str) -> str:
    return key.partition("\n\n")[2].partition("\n=")[0]


_PACKET = base64.b64decode(_body(KEY))
_PRIMARY = _PACKET[2 : 2 + _PACKET[1]]


def _packet(head: bytes, content: bytes = _PRIMARY) -> str:
    return _armoured(head + content)


def _with(more: bytes) -> str:
    return _armoured(_PACKET + more)


_BELONGS = {
    b"\xb8": "a subkey",
    b"\xb4": "a name",
    b"\x88": "a signature",
    b"\xd1": "a picture",
    b"\xcc": "a mark of trust",
    b"\xd5": "padding",
}


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(KEY, id="as GnuPG writes it"),
        pytest.param(KEY.replace("\n", "\r\n"), id="with line ends of Windows"),
        pytest.param(KEY.replace("BLOCK-----\n\n", "BLOCK-----\nComment: invented\n\n"), id="with a header"),
        pytest.param(_packet(b"\xc6\x33"), id="with a length of one octet in the new form"),
        pytest.param(_packet(b"\xc6\xff\x00\x00\x00\x33"), id="with a length of four octets in the new form"),
        pytest.param(_packet(b"\x99\x00\x33"), id="with a length of two octets in the old form"),
        *(pytest.param(_with(head + b"\x01A"), id=f"before {said}") for head, said in _BELONGS.items()),
    ],
)
def test_the_fingerprint_is_that_of_the_primary_key(key: str) -> None:
    assert openpgp_fingerprint(key) == FINGERPRINT


def test_a_length_of_two_octets_in_the_new_form_is_read() -> None:
    content = b"\x04" + bytes(299)
    assert openpgp_fingerprint(_packet(b"\xc6\xc0\x6c", content)) == openpgp_fingerprint(
        _packet(b"\x99\x01\x2c", content)
    )


def test_a_key_of_version_6_has_a_longer_fingerprint() -> None:
    assert len(openpgp_fingerprint(_packet(b"\xc6\x33", b"\x06" + _PRIMARY[1:]))) == 64


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="nothing"),
        pytest.param("\n" * 20_000, id="empty lines"),
        pytest.param(KEY.replace("\n\n", "\n"), id="no line between headers and key"),
        pytest.param(_packet(b"\xc5\x33"), id="a secret key"),
        pytest.param(_packet(b"\x06\x33"), id="no packet"),
        pytest.param(_packet(b"\xc6\x34"), id="a packet that is longer than what came"),
        pytest.param(_packet(b"\x9b"), id="a packet of unknown length"),
        pytest.param(_packet(b"\xc6\xe5"), id="a packet in parts"),
        pytest.param(_packet(b"\xc6\x33", b"\x03" + _PRIMARY[1:]), id="version 3"),
        pytest.param(KEY.replace("mDME", "m!ME"), id="a letter that is not of base64"),
        pytest.param(_packet(b"\x98\x01\x04", _PACKET[53:]), id="a version and nothing more, with a name"),
        pytest.param(_packet(b"\x98\x25", _PRIMARY[:37]), id="less than the shortest key"),
        pytest.param(_with(_PACKET), id="two keys"),
        pytest.param(_with(b"\xc6\x33" + _PRIMARY), id="a second key in the new form"),
        pytest.param(_with(b"\x94\x33" + _PRIMARY), id="a secret key behind the public one"),
        pytest.param(_with(b"\xc5\x33" + _PRIMARY), id="a secret key in the new form behind the public one"),
        pytest.param(_with(b"\x9c\x33" + _PRIMARY), id="a secret subkey"),
        pytest.param(_with(b"\xc7\xff\x00\x00\x00\x33" + _PRIMARY), id="a secret subkey in the new form"),
        pytest.param(_with(b"\xa0\x34\x00" + _PACKET), id="a packet of compressed packets"),
        pytest.param(_with(b"\x88\x02A"), id="a signature that is cut off"),
        pytest.param(_with(b"\xc2\xc0"), id="a length that is cut off"),
        pytest.param(_with(b"\xc2"), id="a packet without length"),
        pytest.param(_with(b"\xc2\xe0A\x00"), id="a signature in parts"),
        pytest.param(_with(b"\x8bA"), id="a signature of unknown length"),
        pytest.param(_with(b"\x00\x00"), id="what is no packet behind the key"),
    ],
)
def test_what_is_no_public_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="no OpenPGP public key"):
        openpgp_fingerprint(key)


@given(st.binary(max_size=60), st.booleans())
def test_whatever_comes_is_a_fingerprint_or_refused(octets: bytes, behind: bool) -> None:
    with suppress(ValueError):
        assert len(openpgp_fingerprint(_with(octets) if behind else _armoured(octets))) in (40, 64)
