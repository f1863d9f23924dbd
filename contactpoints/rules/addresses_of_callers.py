"""From which address somebody calls: what the connection says, or a proxy of ours that passes a request on.

`X-Forwarded-For` is what everybody may write. Each proxy appends whom it heard, so it is read from its end, and only
as far as proxies of ours wrote it.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from schemas.networks import Network

Address = IPv4Address | IPv6Address

# With a port behind it, as some gateways write it; an address of IPv6 then stands in brackets.
_WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::[0-9]{1,5})?|([^\[\]:]+):[0-9]{1,5}")

# Of IPv6 with a zone, in brackets and with a port, and room for spaces.
_LONGEST = 100


def address_of(text: str) -> Address | None:
    """Return the address that a text names, perhaps with a port; None where it names none.

    One of IPv4 that is dressed up as IPv6 (``::ffff:192.0.2.1``) is the one of IPv4; the zone of a link is left out.
    """
    return _read(text.strip()) if len(text) <= _LONGEST else None


# The same few proxies and authorities call again and again, and reading an address takes longer than all else here.
@lru_cache(maxsize=4_096)
def _read(text: str) -> Address | None:
    ported = _WITH_PORT.fullmatch(text)
    if ported:
        text = ported[1] or ported[2]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped if isinstance(found, IPv6Address) else None) or found


def address_of_client(client: tuple[str, int] | None) -> str | None:
    """Return from which address a request comes, of what its `client` is behind the entrance; None: nobody knows."""
    return client[0] if client else None


def is_within(address: Address | None, networks: Iterable[Network]) -> bool:
    """Say whether an address is in one of some networks; one that nobody knows is in none."""
    return address is not None and any(address in each for each in networks)


def address_of_caller(peer: str | None, forwarded: Sequence[str], *, trusted: Sequence[Network]) -> Address | None:
    """Return from which address a request comes; None where nobody knows.

    That is the ``peer`` of the connection, unless it is a proxy in ``trusted``: then the last address in ``forwarded``
    (the values of `X-Forwarded-For`, as they came) that is no such proxy, or the first of all where all are. What is no
    address there, in the place of the one that counts, was written by a proxy that did not know it either.
    """
    found = address_of(peer) if peer else None
    if not forwarded or not is_within(found, trusted):
        return found
    for text in reversed(",".join(forwarded).split(",")):
        found = address_of(text)
        if not is_within(found, trusted):
            break
    return found
