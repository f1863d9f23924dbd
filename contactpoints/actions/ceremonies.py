"""The two ceremonies of passkeys (W3C Web Authentication): one is made, or one is shown.

Each begins with a challenge, which is good once, for a few minutes and for one thing. What a browser answers is judged
by `webauthn`: that our page asked on our host, that the device verified who holds it, that the key of the passkey
signed. Whether the count goes on is asked here, by one statement, so that two nodes cannot both take the same answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRequestOptions,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from contactpoints.actions.tools import Tools
from contactpoints.rules.alerts import moment
from contactpoints.rules.passkeys import CHALLENGE_LASTS
from contactpoints.rules.refusals import Conflict, Invalid, PasskeyCopied
from contactpoints.rules.sessions import origin_of
from contactpoints.store import passkeys
from contactpoints.store.database import Database, Row, Session
from contactpoints.store.sealing import secret_hash
from schemas.faults import Fault
from schemas.passkeys import PasskeyOptionsOut

_NAME = "contactpoints"
_T = TypeVar("_T")


class Unproven(Exception):
    """What was answered proves nothing. Nobody is told why."""


@dataclass(frozen=True, slots=True)
class Bound:
    """For what a challenge is. ``account`` and ``session``: whose it is, as far as that is known."""

    purpose: Literal["sign_in", "step_up", "add", "accept"]
    account: int | None = None
    session: int | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """Whose passkeys they are: the name of a host, and the one origin from which they are used."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey that a device has made."""

    credential: bytes
    public_key: bytes
    sign_count: int


async def ask_to_make(
    db: Database, bound: Bound, *, name: str, known: Sequence[bytes], now: datetime, tools: Tools
) -> PasskeyOptionsOut:
    """Ask a device to make a passkey for somebody called ``name``; one that holds one of ``known`` makes no other."""
    options = generate_registration_options(
        rp_id=_site(tools).host,
        rp_name=_NAME,
        user_name=name,
        user_id=str(bound.account).encode(),
        challenge=tools.entropy(32),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        timeout=_milliseconds(),
    )
    return await _asked(db, bound, options=options, now=now)


async def ask_to_show(
    db: Database, bound: Bound, *, known: Sequence[bytes], now: datetime, tools: Tools
) -> PasskeyOptionsOut:
    """Ask a device to show one of ``known``, or where nobody knows who it is any that it keeps for this host."""
    options = generate_authentication_options(
        rp_id=_site(tools).host,
        challenge=tools.entropy(32),
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=UserVerificationRequirement.REQUIRED,
        timeout=_milliseconds(),
    )
    return await _asked(db, bound, options=options, now=now)


async def made(db: Database, bound: Bound, *, credential: Mapping[str, Any], now: datetime, tools: Tools) -> Made:
    """Return the passkey that a device has made. Raises `Unproven`, or `Invalid` for what no browser answers."""
    read = _read(lambda: parse_registration_credential_json(dict(credential)))
    site, challenge = _site(tools), _challenge(read.response.client_data_json)
    await _use(db, bound, challenge=challenge, now=now)
    found = _judged(
        lambda: verify_registration_response(
            credential=read,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    )
    return Made(found.credential_id, found.credential_public_key, found.sign_count)


async def shown(
    db: Database, bound: Bound, *, credential: Mapping[str, Any], now: datetime, tools: Tools
) -> tuple[Row, int]:
    """Return the account of a passkey that was shown, with `passkey_id`, and its new count. Raises as `made`."""
    read = _read(lambda: parse_authentication_credential_json(dict(credential)))
    site, challenge = _site(tools), _challenge(read.response.client_data_json)
    await _use(db, bound, challenge=challenge, now=now)
    async with db.session() as session:
        account = await passkeys.by_credential(session, read.raw_id)
    if account is None or bound.account not in (None, account["id"]):
        raise Unproven
    found = _judged(
        lambda: verify_authentication_response(
            credential=read,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=account["public_key"],
            # Judged by `note_use`, once it is known that the passkey itself says so.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    )
    return account, found.new_sign_count


async def note_use(session: Session, account: Row, *, sign_count: int, now: datetime) -> None:
    """Write down that a passkey was shown. Raises `PasskeyCopied` where its count does not go on."""
    if not await passkeys.note_use(session, account["passkey_id"], sign_count=sign_count, now=now):
        raise PasskeyCopied(
            f"Passkey {account['passkey_id']} counts {sign_count} after {account['sign_count']}: it may have been "
            "copied. Sign in by another way, remove it, and tell the secretariat.",
            passkey=account["passkey_id"],
        )


async def _asked(
    db: Database,
    bound: Bound,
    *,
    options: PublicKeyCredentialCreationOptions | PublicKeyCredentialRequestOptions,
    now: datetime,
) -> PasskeyOptionsOut:
    expires_at = now + CHALLENGE_LASTS
    async with db.transaction() as session:
        await passkeys.challenge(
            session,
            challenge_hash=_hash(options.challenge),
            purpose=bound.purpose,
            account=bound.account,
            session_id=bound.session,
            expires_at=expires_at,
        )
    return {"public_key": options_to_json_dict(options), "expires_at": moment(expires_at)}


async def _use(db: Database, bound: Bound, *, challenge: bytes, now: datetime) -> None:
    """Use a challenge up, whatever comes of it. Raises `Unproven` for one that is not good for this."""
    async with db.session() as session:
        done = await passkeys.use_challenge(
            session,
            _hash(challenge),
            purpose=bound.purpose,
            account=bound.account,
            session_id=bound.session,
            now=now,
        )
    if not done:
        raise Unproven


def site_of(public_url: str) -> Site | None:
    """Return the site of a public address; None where browsers keep no passkeys for it: they want the name of a host.

    Of http they take ``localhost`` alone, which is what a rehearsal has.
    """
    parts = urlsplit(public_url)
    host = (parts.hostname or "").lower()
    secure = parts.scheme == "https" or host == "localhost"
    return Site(host, origin_of(public_url)) if host and secure and not _is_address(host) else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _site(tools: Tools) -> Site:
    site = site_of(tools.public_url)
    if site is None:
        raise Conflict("Passkeys want the name of a host, and https: the public address of this service has none.")
    return site


def _challenge(client_data: bytes) -> bytes:
    said = _judged(lambda: parse_client_data_json(client_data))
    if said.cross_origin:
        raise Unproven
    return said.challenge


def _read(read: Callable[[], _T]) -> _T:
    try:
        return _judged(read)
    except Unproven:
        raise Invalid([Fault("/credential", "malformed", "is not what a browser answers; see `toJSON()`")]) from None


def _judged(judge: Callable[[], _T]) -> _T:
    """Return what was judged. Raises `Unproven`: what a stranger sends may break its reader in many ways."""
    try:
        return judge()
    except Exception:
        raise Unproven from None


def _hash(challenge: bytes) -> bytes:
    return secret_hash(challenge.hex())


def _milliseconds() -> int:
    return int(CHALLENGE_LASTS.total_seconds() * 1000)
