"""Networks of addresses, as they are written: ``192.0.2.0/24``, ``2001:db8::/32``, or one address alone."""

from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network
_MAPPED = IPv6Network("::ffff:0:0/96")
_MAPPED_BITS = 96


def network_of(text: str) -> Network:
    """Return the network that a text names; an address is a network of one.

    One of IPv4 that is dressed up as IPv6 is the one of IPv4. Raises `ValueError`, also for an address within a network
    (``192.0.2.1/24``): whoever writes that means the one or the other.
    """
    found = ip_network(text.strip())
    if isinstance(found, IPv6Network) and found.subnet_of(_MAPPED):
        first = found.network_address.ipv4_mapped
        return IPv4Network((int(first or 0), found.prefixlen - _MAPPED_BITS))
    return found
