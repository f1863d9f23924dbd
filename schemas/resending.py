"""Sending a request that went to the wrong Party to another one, as it crosses the wall."""

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from schemas.faults import wrong
from schemas.fields import Instant, PartyCode, Shape, TerritoryCode, Text
from schemas.requests import InstrumentCode


def _is_given(value: bool) -> bool:
    if not value:
        raise wrong("not_allowed", "must be true: without it the request is sent to nobody")
    return value


Given = Annotated[bool, AfterValidator(_is_given), WithJsonSchema({"type": "boolean", "const": True})]


class Resending(Shape):
    """The requester sends the same request anew to another Party: a deliberate act, never done by anybody else.

    What is asked is copied; `issued_at` and `legal_reason` are new, and `instrument` is that of the first request
    where it is left out. `consent_to_transfer`: the authority consents to the transfer of its request to that Party.
    `issued_under_instrument`: it states anew that the request is issued under the instrument (CETS 224 Art. 9.3 b).
    """

    requested_party: PartyCode
    territory: TerritoryCode | None = None
    instrument: InstrumentCode | None = None
    consent_to_transfer: Given
    issued_under_instrument: Given
    issued_at: Instant
    legal_reason: Text | None = None
