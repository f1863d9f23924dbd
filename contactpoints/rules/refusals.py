"""Everything the service refuses to do.

Refusal
  Invalid
  IdempotencyKeyRequired
  NotAuthenticated
    SignatureRequired
    SignatureRefused
    NotSignedIn
  NotFound
  Forbidden
    StepUpNeeded
    PasskeyCopied
    NotFromHere
    KeyLimited
      AddressNotAllowed
      KindNotAllowed
      OutsideKeyHours
  Conflict
    AlertClosed
    AlertNotAcknowledged
    NotMisdirected
    AlreadyResent
    NotAcknowledged
      NotDeclined
    RequestInFlight
    StillReferredTo
    PlanOutdated
    NoVerifiedAddress
    AskedJustNow
    NoOpenCode
    ChangePending
    ChangeSettled
    SecondPersonNeeded
    ReleaseNeeded
    ProposalSettled
    HolderNeeded
    NobodyToRelease
    TooFewPersons
    KeyEnded
    AlreadyRotated
    KeyMade
    RetentionNotBegun
    NothingHeld
  RequestGone
    Erased
  Stale
  PreconditionRequired
  IdempotencyKeyReused
  TooLarge
  TooSlow
  HeadTooLong
  HostUnclear
  NotThisHost
  UnsupportedMediaType
  TooManyTries
    TooManyRequests
  Unavailable
    ProviderAway

The docstring of each is the title that a client sees; its name, in kebab case, is the problem type.
"""

import re
from collections.abc import Sequence

from schemas.faults import Fault


def no_party(code: str) -> str:
    """Return that there is no Party of a code, which is two capital letters."""
    return f"There is no Party {code}."


def slug(refusal: type[Exception]) -> str:
    """Return the name of the kind of a refusal, in kebab case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", refusal.__name__).lower()


class Refusal(Exception):
    """The service refuses."""

    def __init__(self, detail: str, **facts: object) -> None:
        """``detail`` is a sentence for people; ``facts`` are for machines. Neither holds an address or a secret."""
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class Invalid(Refusal):
    """What was sent is not valid."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} fault(s); see `errors`.")
        self.faults = tuple(faults)


class NotForCallBack(Invalid):
    """A key names another person for call-back than those who are registered with it."""


class IdempotencyKeyRequired(Refusal):
    """An Idempotency-Key header is required."""


class NotAuthenticated(Refusal):
    """A valid API key or session is required."""


class SignatureRequired(NotAuthenticated):
    """Requests of this key must be signed."""


class SignatureRefused(NotAuthenticated):
    """The signature of the request does not count."""


class NotSignedIn(NotAuthenticated):
    """The sign-in of an organisation lets nobody in here this time."""


class NotFound(Refusal):
    """There is nothing here."""


class Forbidden(Refusal):
    """You may not do that."""


class StepUpNeeded(Forbidden):
    """That takes a second factor that was shown a moment ago."""


class PasskeyCopied(Forbidden):
    """A passkey counts backwards, as one does that was copied."""


class NotFromHere(Forbidden):
    """The request was not made by a page of this service."""


class KeyLimited(Forbidden):
    """This key is limited, and what was asked is beyond it."""


class AddressNotAllowed(KeyLimited):
    """This key may not be used from there."""


class KindNotAllowed(KeyLimited):
    """This key opens no alerts of that kind."""


class OutsideKeyHours(KeyLimited):
    """This key opens no such alerts at this hour."""


class Conflict(Refusal):
    """The present state does not allow that."""


class AlertClosed(Conflict):
    """The alert is closed or withdrawn."""


class AlertNotAcknowledged(Conflict):
    """The alert has not been acknowledged yet."""


class NotMisdirected(Conflict):
    """The alert did not go to the wrong Party, as far as is known."""


class AlreadyResent(Conflict):
    """The request was sent to another Party already, or waits to be."""


class NotAcknowledged(Conflict):
    """Code and PIN do not acknowledge this alert."""


class NotDeclined(NotAcknowledged):
    """Code and PIN do not decline this alert."""


class RequestInFlight(Conflict):
    """The first request with this key is still being worked on."""


class StillReferredTo(Conflict):
    """Other entries still rely on this one."""


class PlanOutdated(Conflict):
    """The plan is about something that has changed since it was read."""


class NoVerifiedAddress(Conflict):
    """There is no e-mail address to send it to that is proven and stands by more than one person's word."""


class AskedJustNow(Conflict):
    """A code was sent there a moment ago."""


class NoOpenCode(Conflict):
    """There is no code that could come back."""


class ChangePending(Conflict):
    """Another change of the address is waiting."""


class ChangeSettled(Conflict):
    """The change of the address is settled already."""


class SecondPersonNeeded(Conflict):
    """That takes a second person."""


class ReleaseNeeded(Conflict):
    """This Party asks for two persons, and there was one."""


class ProposalSettled(Conflict):
    """The proposal waits no more."""


class HolderNeeded(Conflict):
    """This key names nobody who could be one of two persons."""


class NobodyToRelease(Conflict):
    """Nobody else could release it."""


class TooFewPersons(Conflict):
    """Too few persons could propose and release."""


class KeyEnded(Conflict):
    """The key has expired or was revoked."""


class AlreadyRotated(Conflict):
    """Another key has taken the place of this one already."""


class KeyMade(Conflict):
    """A key was made by this form already."""


class RetentionNotBegun(Conflict):
    """The alert is open, and its retention has not begun."""


class NothingHeld(Conflict):
    """This side does not hold the particulars."""


class RequestGone(Refusal):
    """The particulars are no longer for this Party."""


class Erased(RequestGone):
    """The particulars were erased when their retention ended."""


class Stale(Refusal):
    """The entry is at another version."""


class PreconditionRequired(Refusal):
    """An If-Match header is required."""


class IdempotencyKeyReused(Refusal):
    """The Idempotency-Key was used before with another body."""


class TooLarge(Refusal):
    """The body is too large."""


class TooSlow(Refusal):
    """The body took too long to come."""


class HeadTooLong(Refusal):
    """The address or the header is too long."""


class HostUnclear(Refusal):
    """Nobody can tell by which name the service was asked for."""


class NotThisHost(Refusal):
    """The service is not known by that name."""


class UnsupportedMediaType(Refusal):
    """The body must be application/json."""


class TooManyTries(Refusal):
    """There were too many tries; wait a while."""


class TooManyRequests(TooManyTries):
    """There were too many requests; wait a while."""


class Unavailable(Refusal):
    """The service cannot answer just now."""


class ProviderAway(Unavailable):
    """The sign-in of an organisation does not answer."""
