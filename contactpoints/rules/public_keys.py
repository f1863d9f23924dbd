"""The fingerprint of an OpenPGP public key, out of its armour (RFC 9580)."""

import base64
import hashlib

_PUBLIC_KEY = 6


def openpgp_fingerprint(armoured: str) -> str:
    """Return the fingerprint of the primary key, capital hexadecimal: 40 digits for version 4, 64 for version 6.

    Raises `ValueError` for what is no such key.
    """
    key = _first_packet(_packets(armoured))
    match key[:1]:
        case b"\x04":
            return hashlib.sha1(b"\x99" + len(key).to_bytes(2) + key).hexdigest().upper()
        case b"\x06":
            return hashlib.sha256(b"\x9b" + len(key).to_bytes(4) + key).hexdigest().upper()
    raise ValueError("is no OpenPGP public key of version 4 or 6")


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


def _first_packet(packets: bytes) -> bytes:
    """Return the content of the first packet where that is a whole public key, else nothing (RFC 9580 4.2)."""
    if len(packets) < 6:
        return b""
    first, width, more = packets[0], 1, 0
    if first & 0x40:
        tag = first & 0x3F
        if packets[1] == 255:
            start, width = 2, 4
        elif packets[1] >= 192:
            start, width, more = 1, 2, 192 - (192 << 8)
        else:
            start = 1
    else:
        tag, start, width = first >> 2 & 0x0F, 1, 1 << (first & 3)
    if first < 0x80 or tag != _PUBLIC_KEY or width > 4 or (packets[1] in range(224, 255) and first & 0x40):
        return b""
    length = int.from_bytes(packets[start : start + width]) + more
    key = packets[start + width : start + width + length]
    return key if len(key) == length else b""
