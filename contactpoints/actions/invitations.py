"""Invitations: a link that makes somebody's account theirs, once.

Whoever opens it chooses a password and connects an authenticator, both in one step: an account with half of it never
is. Or a passkey is made, which suffices by itself. By another invitation all ways in are set anew, those before are
gone: that is the way back in for who has lost one, and perhaps to somebody.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contactpoints.actions import second_factors
from contactpoints.actions.administrators import listening
from contactpoints.actions.calling import words_of
from contactpoints.actions.mail_links import must_be_mailable, sealed_link
from contactpoints.actions.tools import Tools
from contactpoints.rules import wording
from contactpoints.rules.access import Actor
from contactpoints.rules.delivery import Draft
from contactpoints.rules.phrasing import Words
from contactpoints.store import accounts, outbox
from contactpoints.store.database import Row, Session
from contactpoints.store.sealing import secret_hash

LASTS = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link to an account, by its token, and until when it works."""

    token: str = field(repr=False)
    expires_at: datetime

    @property
    def path(self) -> str:
        """The path of the page behind the link."""
        return f"/invitation/{self.token}"


async def invite(session: Session, number: int, *, by: int | None, now: datetime, tools: Tools) -> Invitation:
    """Keep an invitation to an account; the one before, if it was not used, works no more."""
    invitation = Invitation(base64.urlsafe_b64encode(tools.entropy(24)).decode(), now + LASTS)
    await accounts.invite(
        session,
        number,
        token_hash=secret_hash(invitation.token),
        totp_sealed=second_factors.seal(second_factors.new_secret(tools), account=number, tools=tools),
        by=by,
        expires_at=invitation.expires_at,
        now=now,
    )
    return invitation


async def mail(
    session: Session, invitation: Invitation, *, to: Mapping[str, Any], actor: Actor, now: datetime, tools: Tools
) -> None:
    """Queue the mail with an invitation to an account ``to``, which says who invites and for what.

    Raises `Unavailable` where none can be sent.
    """
    must_be_mailable(tools)
    address, language = to["email"], to["language"]
    link = sealed_link(f"{tools.public_url}{invitation.path}", address=address, tools=tools)
    standing = {name: to[name] for name in ("role", "party", "authority")}
    words = wording.invitation_words(
        words_of(tools, language), **standing, house=actor.party, expires_at=invitation.expires_at, now=now
    )
    await outbox.enqueue(session, [(None, _draft(address, words, language=language, link=link))], now=now)


def _draft(to: str, words: Words, *, language: str, link: str | None = None) -> Draft:
    return Draft("pin_link", "email", to, language, words.text, words.subject, link)


async def tell_passkeys(session: Session, account: Row, *, now: datetime, tools: Tools) -> None:
    """Tell the holder of an account by mail that a passkey came or went, where a mail can be sent."""
    words = wording.passkeys_changed_words(words_of(tools, account["language"]), at=now)
    await _tell(session, account, words=words, now=now, tools=tools)


async def tell_changed(session: Session, account: Row, *, now: datetime, tools: Tools) -> None:
    """Tell the holder of an account by mail that it is opened otherwise from now on, where a mail can be sent."""
    words = wording.account_changed_words(words_of(tools, account["language"]), at=now)
    await _tell(session, account, words=words, now=now, tools=tools)


async def tell_codes(session: Session, account: Row, *, now: datetime, tools: Tools) -> None:
    """Tell the holder of an account by mail that it has other recovery codes, where a mail can be sent."""
    words = wording.codes_renewed_words(words_of(tools, account["language"]), at=now)
    await _tell(session, account, words=words, now=now, tools=tools)


async def tell_house(
    session: Session, number: int, *, party: str | None, actor: Actor, now: datetime, tools: Tools
) -> None:
    """Tell a Party's administrators at once of an account that somebody from outside makes or gives a role there.

    Where none of them has a mail address the others of the secretariat hear.
    """
    if party is None or actor.party == party:
        return
    for house in (party, None):
        heard = await listening(session, house, now=now, tools=tools, but=actor.number)
        if mailed := [ear for ear in heard if ear.kind == "email"]:
            break
    drafts = []
    for ear in mailed:
        words = wording.foreign_account_words(words_of(tools, ear.language), number=number, party=party, at=now)
        drafts.append(Draft("alarm", "email", ear.address, ear.language, words.text, words.subject))
    await outbox.enqueue(session, [(None, draft) for draft in drafts], now=now)


async def _tell(session: Session, account: Row, *, words: Words, now: datetime, tools: Tools) -> None:
    if "email" in tools.gateways:
        draft = _draft(account["email"], words, language=account["language"])
        await outbox.enqueue(session, [(None, draft)], now=now)
