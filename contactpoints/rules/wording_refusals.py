"""What the service refuses, in the reader's language: one plain sentence for each kind, which says what to do."""

import math
from collections.abc import Mapping

from contactpoints.rules import refusals
from contactpoints.rules.phrasing import Catalogue, say
from contactpoints.rules.refusals import Refusal
from schemas.words import msgid

_ANEW = msgid("This was not sent as pages of this service send it. Load the page again, and try once more.")
_SENTENCES: Mapping[type[Refusal], str] = {
    Refusal: msgid("The service cannot do that. Load the page again, and try once more."),
    refusals.Invalid: msgid("Something in what was sent is wrong: go back, and look at each field again."),
    refusals.NotForCallBack: msgid("Name somebody for call-back who is registered with this key."),
    refusals.IdempotencyKeyRequired: _ANEW,
    refusals.NotAuthenticated: msgid("Nobody is signed in here, or the session has ended: sign in, then try again."),
    refusals.SignatureRequired: msgid("Requests of this key have to be signed: use a program that signs them."),
    refusals.SignatureRefused: msgid("The signature does not count: look at the key and at the clock of the program."),
    refusals.NotSignedIn: msgid(
        "Your organisation let you in, but nothing here knows you by that: ask an administrator of your Party."
    ),
    refusals.NotFound: msgid("There is nothing here, or not any more: go back, and look at the list again."),
    refusals.Forbidden: msgid(
        "You may not do that. Ask somebody whose task it is: an administrator of your Party knows who."
    ),
    refusals.StepUpNeeded: msgid("Show again who you are, by a passkey or a code, then send it once more."),
    refusals.PasskeyCopied: msgid(
        "This passkey may have been copied: sign in by another way, remove it, and tell the secretariat."
    ),
    refusals.NotFromHere: msgid(
        "This was asked for by a page of somebody else. Open the service itself, and do it there."
    ),
    refusals.KeyLimited: msgid("This key is limited, and this is beyond it: ask an administrator of your Party."),
    refusals.AddressNotAllowed: msgid("This key may not be used from this network."),
    refusals.KindNotAllowed: msgid(
        "This key opens no alerts of that kind: choose another kind, or ask an administrator of your Party."
    ),
    refusals.OutsideKeyHours: msgid(
        "This key opens no such alerts at this hour. In an emergency, telephone the secretariat of the network."
    ),
    refusals.Conflict: msgid("Something has changed meanwhile: load the page again, and look at how it stands."),
    refusals.AlertClosed: msgid("The alert is closed or withdrawn: nothing more can be done with it."),
    refusals.AlertNotAcknowledged: msgid("Nobody has acknowledged the alert yet: acknowledge it first."),
    refusals.NotMisdirected: msgid("The alert went to the right Party, as far as is known: it is not sent anew."),
    refusals.AlreadyResent: msgid("The request was sent to another Party already: open the new alert."),
    refusals.NotAcknowledged: msgid("Nothing was acknowledged: code and PIN do not go together. Look at both again."),
    refusals.NotDeclined: msgid("It was not declined. Look at how it stands: somebody may have acknowledged it."),
    refusals.RequestInFlight: msgid(
        "The same was sent a moment ago and is still at work: wait a few seconds, then look."
    ),
    refusals.StillReferredTo: msgid("Other entries still rely on this one: change those first."),
    refusals.PlanOutdated: msgid("Something has changed since the plan was read: load it again."),
    refusals.NoVerifiedAddress: msgid("There is no proven mail address to send it to: have one proven first."),
    refusals.AskedJustNow: msgid("A code was sent there a moment ago: wait for it, then ask for another."),
    refusals.NoOpenCode: msgid("There is no code that is waited for: ask for a new one."),
    refusals.ChangePending: msgid("Another change of this address is waiting: end that one first."),
    refusals.ChangeSettled: msgid("This change of an address is settled already."),
    refusals.SecondPersonNeeded: msgid("This takes a second person: ask somebody else who may do it."),
    refusals.ReleaseNeeded: msgid(
        "Your Party asks for two persons: propose the alert, and let a second person release it."
    ),
    refusals.ProposalSettled: msgid("This proposal waits no more: load the page to see what became of it."),
    refusals.HolderNeeded: msgid(
        "This key names nobody who holds it: ask an administrator of your Party to name a person."
    ),
    refusals.NobodyToRelease: msgid("Nobody else could release it. Telephone the secretariat of the network at once."),
    refusals.TooFewPersons: msgid("Too few persons could propose and release: invite a second one first."),
    refusals.KeyEnded: msgid("This key has ended: make a new one."),
    refusals.AlreadyRotated: msgid("Another key has taken the place of this one already."),
    refusals.KeyMade: msgid("This form has made a key already: look into the list of keys."),
    refusals.RetentionNotBegun: msgid("The alert is still open: close it first."),
    refusals.NothingHeld: msgid("Your side does not hold the particulars."),
    refusals.RequestGone: msgid("The particulars are no longer for this Party."),
    refusals.Erased: msgid("The particulars were erased when the time to keep them ended."),
    refusals.Stale: msgid("Somebody has changed this meanwhile: load it again, and look at what is new."),
    refusals.PreconditionRequired: _ANEW,
    refusals.IdempotencyKeyReused: msgid(
        "This page was sent before with something else in it: load it again, and look whether the first one counted."
    ),
    refusals.TooLarge: msgid("This is too much text or too large a file: shorten it, and send it again."),
    refusals.TooSlow: msgid("It took too long to arrive, and nothing was done: try again where the network is better."),
    refusals.HeadTooLong: msgid("The address is too long: open the page from the one before it."),
    refusals.HostUnclear: _ANEW,
    refusals.NotThisHost: msgid(
        "The service is not known by that name: open the address that stands in your messages."
    ),
    refusals.UnsupportedMediaType: _ANEW,
    refusals.TooManyTries: msgid("There were too many tries. The next one is looked at in {minutes} min."),
    refusals.TooManyRequests: msgid("Too much was asked for at once. Try again in {minutes} min."),
    refusals.Unavailable: msgid("The service cannot answer just now: try again in a moment."),
    refusals.ProviderAway: msgid(
        "The sign-in of your organisation does not answer: try again in a moment, or sign in by another way."
    ),
}
_IN_A_MOMENT = msgid("Too much was asked for at once. Try again in {seconds} s.")
_MINUTE = 60


def refusal_of(words: Catalogue, refusal: Refusal) -> str:
    """Return what a refusal means for whoever reads it, and what to do now; never a detail, which is for machines."""
    seconds = _wait(refusal)
    if isinstance(refusal, refusals.TooManyRequests) and 0 < seconds < _MINUTE:
        return say(words, _IN_A_MOMENT, seconds=seconds)
    return say(words, _SENTENCES[type(refusal)], minutes=minutes_of(refusal))


def minutes_of(refusal: Refusal) -> int:
    """Return how many minutes a refusal asks to wait, and no fewer than one."""
    return max(1, math.ceil(_wait(refusal) / _MINUTE))


def _wait(refusal: Refusal) -> int:
    """Return how many seconds a refusal asks to wait, 0 where it says nothing of that."""
    return int(str(refusal.facts.get("retry_after", 0)))
