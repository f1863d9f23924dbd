"""The copy of the directory on paper, drawn and signed, for whichever door hands it out."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from contactpoints.paper.booklet import draw
from contactpoints.paper.signing import Seal, seal_of, sign
from contactpoints.rules.access import Actor
from contactpoints.rules.address_book import House, block, front
from contactpoints.rules.phrasing import Catalogue

CERTIFICATE = "/v1/address-book/certificate"
"""Where it is told by which certificate a copy is signed."""
PURPOSE = "signing what is printed"
"""For what the secret is derived by which copies are signed."""


def host_of(public_url: str) -> str:
    """Return the host in the address of the service."""
    return urlsplit(public_url).hostname or "localhost"


def seal_with(secret: bytes, public_url: str) -> Seal:
    """Return by what copies are signed: made of a secret for that `PURPOSE`, in the name of the service's host."""
    return seal_of(secret, host=host_of(public_url))


def copy_of(
    houses: Sequence[House],
    *,
    seal: Seal,
    actor: Actor,
    password: str | None,
    now: datetime,
    public_url: str,
    words: Catalogue,
) -> bytes:
    """Return the PDF for whoever asks; with a ``password`` it opens with that alone."""
    whom = f"{actor.authority}, {actor.role.value}" + (f", {actor.party}" if actor.party else "")
    first = front(whom=whom, now=now, fingerprint=seal.fingerprint, where=f"{public_url}{CERTIFICATE}", words=words)
    made = draw(
        first, [block(each, words) for each in houses], now=now, password=password, owner=secrets.token_urlsafe(24)
    )
    return sign(made, seal, password=password)
