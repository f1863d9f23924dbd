"""By which name somebody asked for this service: every other one is a mistake, or somebody's trick."""

from ipaddress import IPv6Address, ip_address

_PORTS = {"http": "80", "https": "443"}
_LONGEST = 260
_LOCAL = "localhost"


def host_of(text: str, *, scheme: str) -> tuple[str, str] | None:
    """Return the name and the port of what stands in a Host header; None where nobody can tell which it names.

    Capitals and a dot at the end make no other name, nor does the port that ``scheme`` means anyway. A literal of IPv6
    stands in brackets, however it is written.
    """
    if not text or len(text) > _LONGEST or not text.isascii():
        return None
    if text.startswith("["):
        name, bracket, rest = text[1:].partition("]")
        try:
            name = f"[{IPv6Address(name)}]" if bracket else ""
        except ValueError:
            return None
        colon, port = rest[:1], rest[1:]
    else:
        name, colon, port = text.lower().partition(":")
        name = name.removesuffix(".")
    sound = name.startswith("[") or all(sign.isalnum() or sign in "-._" for sign in name)
    if not name or not sound or colon not in ("", ":") or (colon and not (port.isdecimal() and len(port) <= 5)):
        return None
    return name, port.lstrip("0") or _PORTS[scheme]


def is_ours(host: tuple[str, str], public_url: str, *, near: bool) -> bool:
    """Say whether that is the host of the public address; where it is ``near``, this machine's own names are ours too.

    Near is a rehearsal, and whoever calls from this machine: an operator, or a proxy here that names what it calls.
    """
    scheme, _, public = public_url.partition("://")
    return (public != "" and host == host_of(public, scheme=scheme)) or (near and is_local(host[0]))


def is_local(name: str) -> bool:
    """Say whether a name or an address is that of the machine itself."""
    try:
        return name == _LOCAL or ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
