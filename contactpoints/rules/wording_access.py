"""Mails about a PIN or an address. None belongs to an alert; all are mails, and their link comes with the message."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from contactpoints.rules.phrasing import Catalogue, Words, mail, say, times
from schemas.words import msgid

_EXPIRES = msgid("The link works once, until {local} your time ({utc} UTC).")
_CODE = msgid("The page asks for this code, which stands only here: {code}")
_NOT_YOU = msgid("If you did not expect this message, do not open the link, and tell the secretariat of the network.")

_PIN_SUBJECT = msgid("24/7 network - set your PIN")
_PIN = (
    msgid("As an officer of a 24/7 contact point you need a personal PIN to acknowledge alerts."),
    msgid(
        "Open the secure page below and choose one of at least 6 digits. Do not use a date, or a PIN that you "
        "use elsewhere."
    ),
    _CODE,
    _EXPIRES,
    msgid("Tell nobody your PIN. No administrator can see it, and we never ask for it by telephone or e-mail."),
    _NOT_YOU,
)
_SET_SUBJECT = msgid("24/7 network - your PIN was set")
_SET = (
    msgid("Your PIN was set at {local} your time ({utc} UTC). From now on no other one counts."),
    msgid(
        "If it was not you, call your administrator and the secretariat at once: until then somebody else can "
        "answer for you."
    ),
)
_ADDRESS_SUBJECT = msgid("24/7 network - confirm your address")
_ADDRESS = (
    msgid("This address was entered as a way to reach an officer of a 24/7 contact point, day and night."),
    msgid(
        "If you are that officer, open the secure page below and confirm it there. Opening the page alone "
        "confirms nothing."
    ),
    _CODE,
    _EXPIRES,
    _NOT_YOU,
)

_INVITED_SUBJECT = msgid("24/7 network - your account")
_INVITED = (
    msgid("An account was made for you in the service of the 24/7 network of contact points."),
    "{by}",
    "{role}",
    msgid(
        "Open the secure page below. Make a passkey there, or choose a password of at least 12 characters and connect "
        "an authenticator app."
    ),
    msgid("The link works once, until {local} UTC."),
    _NOT_YOU,
)
_BY_SECRETARIAT = msgid("The secretariat of the network invites you.")
_BY_PARTY = msgid("An administrator of Party {house} invites you.")
_INVITED_AS = {
    "requester": msgid("You can open alerts for this authority of Party {party}: {authority}."),
    "contact_point": msgid("You can answer alerts for this contact point of Party {party}: {authority}."),
    "administrator": msgid("As an administrator you keep the entries and rosters of Party {party}."),
    "secretariat": msgid("You belong to the secretariat of the network."),
    "auditor": msgid("As an auditor you read what happens in the network, and change nothing."),
}
_CHANGED_SUBJECT = msgid("24/7 network - your password was changed")
_CHANGED = (
    msgid("The password of your account was changed at {local} UTC, and everybody who was signed in was signed out."),
    _SET[1],
)


_PASSKEYS_SUBJECT = msgid("24/7 network - your passkeys were changed")
_PASSKEYS = (
    msgid("A passkey by which your account is opened was added or removed at {local} UTC."),
    _SET[1],
)


_CODES_SUBJECT = msgid("24/7 network - your recovery codes were renewed")
_CODES = (
    msgid("New recovery codes of your account were shown at {local} UTC; the ones before are good no more."),
    _SET[1],
)


def codes_renewed_words(words: Catalogue, *, at: datetime) -> Words:
    """Return the mail that tells of new recovery codes, so that a stranger's do not stay hidden."""
    return _mail(words, _CODES_SUBJECT, lines=_CODES, at=at, zone="UTC", now=at)


_FOREIGN_SUBJECT = msgid("24/7 network - an account in Party {party}")
_FOREIGN = (
    msgid("At {local} UTC somebody from outside Party {party} gave somebody an account there: number {number}."),
    msgid("If nobody of that Party asked for it, disable the account, and telephone the secretariat of the network."),
)


def foreign_account_words(words: Catalogue, *, number: int, party: str, at: datetime) -> Words:
    """Return the mail that tells a Party's administrators of an account that others made, or gave another role."""
    when = times(at, "UTC", at)
    lines = [say(words, line, number=number, party=party, **when) for line in _FOREIGN]
    return mail(say(words, _FOREIGN_SUBJECT, party=party), lines, exercise=False)


_ENDING_SUBJECT = msgid("24/7 network - keys of an authority end")
_ENDING = msgid(
    "Whoever made API keys of this authority of your Party has left, and may know their secrets: {authority}."
)
_ENDS = msgid("Key number {number} ends at {local} UTC.")
_ENDING_DO = msgid(
    "An administrator of your Party makes others in their place before that: whoever goes on with these can open no "
    "alert then."
)
_READER_SUBJECT = msgid("24/7 network - somebody else can read what your office reads")
_READER = {
    "key": msgid("At {local} UTC API key number {number} was made for your office: {authority}."),
    "account": msgid("At {local} UTC account number {number} was made for your office: {authority}."),
}
_READER_DO = msgid("If nobody of your office knows of it, telephone the secretariat of the network at once.")


def keys_ending_words(words: Catalogue, *, authority: str, ends: Mapping[int, datetime], now: datetime) -> Words:
    """Return the mail that tells of keys whose maker has left when each ends, by their numbers."""
    each = [say(words, _ENDS, number=number, **times(at, "UTC", now)) for number, at in ends.items()]
    lines = [say(words, _ENDING, authority=authority), *each, say(words, _ENDING_DO)]
    return mail(say(words, _ENDING_SUBJECT), lines, exercise=False)


def new_reader_words(
    words: Catalogue, what: Literal["key", "account"], *, number: int, authority: str, at: datetime
) -> Words:
    """Return the mail that tells an office of a key or an account by which what it asks, or is asked, is read."""
    told = say(words, _READER[what], number=number, authority=authority, **times(at, "UTC", at))
    return mail(say(words, _READER_SUBJECT), [told, say(words, _READER_DO)], exercise=False)


def pin_link_words(words: Catalogue, *, code: str, expires_at: datetime, zone: str, now: datetime) -> Words:
    """Return the mail with the one-time link by which an officer sets the PIN."""
    return _mail(words, _PIN_SUBJECT, lines=_PIN, at=expires_at, zone=zone, now=now, code=code)


def pin_set_words(words: Catalogue, *, at: datetime, zone: str, now: datetime) -> Words:
    """Return the mail that tells an officer of a new PIN, so that a stranger's change does not stay hidden."""
    return _mail(words, _SET_SUBJECT, lines=_SET, at=at, zone=zone, now=now)


def address_words(words: Catalogue, *, code: str, expires_at: datetime, zone: str, now: datetime) -> Words:
    """Return the mail by which an e-mail address is verified."""
    return _mail(words, _ADDRESS_SUBJECT, lines=_ADDRESS, at=expires_at, zone=zone, now=now, code=code)


def invitation_words(
    words: Catalogue,
    *,
    role: str,
    party: str | None,
    authority: str,
    house: str | None,
    expires_at: datetime,
    now: datetime,
) -> Words:
    """Return the mail with the link by which an account becomes somebody's. Where they are is not known: UTC.

    ``role``, ``party`` and ``authority`` are those of the account. ``house``: the Party whose administrator invites,
    None for the secretariat.
    """
    by = say(words, _BY_PARTY if house else _BY_SECRETARIAT, house=house or "")
    invited_as = say(words, _INVITED_AS[role], party=party or "", authority=authority)
    when = times(expires_at, "UTC", now)
    lines = [say(words, line, by=by, role=invited_as, **when) for line in _INVITED]
    return mail(say(words, _INVITED_SUBJECT), lines, exercise=False)


def account_changed_words(words: Catalogue, *, at: datetime) -> Words:
    """Return the mail that tells of a changed password, so that a stranger's change does not stay hidden."""
    return _mail(words, _CHANGED_SUBJECT, lines=_CHANGED, at=at, zone="UTC", now=at)


def passkeys_changed_words(words: Catalogue, *, at: datetime) -> Words:
    """Return the mail that tells of a passkey that came or went, so that a stranger's does not stay hidden."""
    return _mail(words, _PASSKEYS_SUBJECT, lines=_PASSKEYS, at=at, zone="UTC", now=at)


def _mail(
    words: Catalogue,
    subject: str,
    *,
    lines: tuple[str, ...],
    at: datetime,
    zone: str,
    now: datetime,
    code: str = "",
) -> Words:
    when = times(at, zone, now)
    return mail(say(words, subject), [say(words, line, code=code, **when) for line in lines], exercise=False)
