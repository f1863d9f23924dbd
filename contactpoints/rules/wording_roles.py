"""Roles in words: what each is called, what it may do and what not. The truth of it is `rules.access`."""

from collections.abc import Mapping
from dataclasses import dataclass

from contactpoints.rules.phrasing import Catalogue, say
from schemas.words import msgid


@dataclass(frozen=True, slots=True)
class Explained:
    """A role: its code, what it may do, each in a sentence, and what it may not."""

    role: str
    may: tuple[str, ...]
    may_not: tuple[str, ...]


_ROLES: Mapping[str, Explained] = {
    each.role: each
    for each in (
        Explained(
            "requester",
            (
                msgid("Opens alerts to other Parties for its authority, and withdraws them."),
                msgid("Sees the alerts of its own authority, with their particulars, and follows them live."),
                msgid("Where two persons are asked for: proposes alerts, and releases what another proposed."),
            ),
            (msgid("Sees no officers, no numbers and no rosters of anybody: only which steps were taken."),),
        ),
        Explained(
            "contact_point",
            (
                msgid("Sees the alerts to its contact point, reads their particulars, and acknowledges or declines."),
                msgid("Reads the officers, numbers and rosters of its Party, offers shifts and takes them."),
            ),
            (msgid("Changes no entries but those of its own officer, and opens no alerts."),),
        ),
        Explained(
            "administrator",
            (
                msgid("Keeps contact points, officers, channels and rosters of its own Party."),
                msgid("Makes, changes and ends the accounts of its Party, and the keys of its authorities."),
                msgid("Decides whether the alerts of its Party take two persons, and reads its audit log."),
                msgid("Sees that its Party was alerted, and how it went."),
            ),
            (
                msgid("Reads no particulars of a case."),
                msgid("Sees nothing of other Parties but what everybody sees."),
            ),
        ),
        Explained(
            "secretariat",
            (
                msgid("Keeps the entries of all Parties, what binds them, and the accounts of administrators."),
                msgid(
                    "Sees every alert and how it went, the health and the settings of the service, and the audit log."
                ),
                msgid("Revokes a key that was stolen, whosever it is."),
            ),
            (
                msgid("Reads no particulars of a case."),
                msgid("Makes no keys, and no accounts of requesters or contact points: with those it could."),
            ),
        ),
        Explained(
            "auditor",
            (
                msgid("Reads the directory, the alerts and the audit log of the whole network."),
                msgid("Is told who has read the particulars of a case."),
            ),
            (msgid("Reads no particulars of a case."), msgid("Changes nothing.")),
        ),
    )
}
ROLES = tuple(_ROLES)
"""The codes of all roles."""


def role_of(words: Catalogue, role: str) -> str:
    """Return what a role is called."""
    return say(words, role.replace("_", " "))


def explained(words: Catalogue, role: str) -> Explained:
    """Return a role in words. Raises `KeyError` for none."""
    told = _ROLES[role]
    return Explained(role, tuple(say(words, each) for each in told.may), tuple(say(words, e) for e in told.may_not))
