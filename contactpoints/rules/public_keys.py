"""The fingerprint of an OpenPGP public key, out of its armour (RFC 9580)."""

import base64
import hashlib

_PUBLIC_KEY = 6
# What may follow it: signatures, marks of trust, names, subkeys, pictures, padding. Secret keys (5 and 7) may not, nor
# a second key, nor a packet that holds others.
_OF_A_PUBLIC_KEY = frozenset({2, 12, 13, 14, 17, 21})
# Version, time of creation and algorithm, and the 32 octets of Ed25519: no algorithm has fewer.
_SHORTEST = 1 + 4 + 1 + 32
_NO_KEY = "is no OpenPGP public key of version 4 or 6"


def openpgp_fingerprint(armoured: str) -> str:
    """Return the fingerprint of the primary key, capital hexadecimal: 40 digits for version 4, 64 for version 6.

    Raises `ValueError` for what is no such key, and for what holds anything beside one: a second or a secret key.
    """
    key = _primary(_packets(armoured))
    match key[:1]:
        case b"\x04":
            return hashlib.sha1(b"\x99" + len(key).to_bytes(2) + key).hexdigest().upper()
        case b"\x06":
            return hashlib.sha256(b"\x9b" + len(key).to_bytes(4) + key).hexdigest().upper()
    raise ValueError(_NO_KEY)


def _packets(armoured: str) -> bytes:
    """Return what is in the armour: what follows its headers and an empty line, up to the checksum."""
    lines = [line.strip() for line in armoured.splitlines()]
    if "" not in lines:
        return b""
    inside = [line for line in lines[lines.index("") + 1 : -1] if not line.startswith("=")]
    try:
        return base64.b64decode("".join(inside), validate=True)
    except ValueError:
        return b""


def _primary(packets: bytes) -> bytes:
    """Return the content of the first packet; what is not one whole public key and what belongs to it is refused."""
    tag, begin, end = _packet(packets, 0)
    key = packets[begin:end]
    tags = []
    while end < len(packets):
        more, _, end = _packet(packets, end)
        tags.append(more)
    if tag != _PUBLIC_KEY or len(key) < _SHORTEST or not _OF_A_PUBLIC_KEY.issuperset(tags):
        raise ValueError(_NO_KEY)
    return key


def _packet(packets: bytes, at: int) -> tuple[int, int, int]:
    """Return the tag of the packet there, where its content begins, and where it ends (RFC 9580 4.2).

    Raises `ValueError` for what is no packet, is cut off, or comes in parts, as no key may.
    """
    head = packets[at : at + 6].ljust(6, b"\0")
    first, second = head[:2]
    in_parts, more = False, 0
    if first & 0x40:
        tag, in_parts = first & 0x3F, 224 <= second < 255
        if second == 255:
            start, width = 2, 4
        elif second >= 192:
            start, width, more = 1, 2, 192 - (192 << 8)
        else:
            start, width = 1, 1
    else:
        tag, start, width = first >> 2 & 0x0F, 1, 1 << (first & 3)
    begin = at + start + width
    end = begin + int.from_bytes(head[start : start + width]) + more
    if first < 0x80 or width > 4 or in_parts or end > len(packets):
        raise ValueError(_NO_KEY)
    return tag, begin, end
