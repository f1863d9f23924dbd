"""Who is calling: an API key or a session in the Authorization header, or a session in the cookie of a browser."""

from contextlib import suppress
from dataclasses import replace
from functools import partial

from starlette.requests import Request

from contactpoints.actions import access, sessions
from contactpoints.api.queries import header
from contactpoints.api.signatures import signed
from contactpoints.rules.access import Actor
from contactpoints.rules.accounts import must_be_fresh
from contactpoints.rules.key_limits import may_come_from, must_come_from
from contactpoints.rules.refusals import NotAuthenticated, NotFromHere, SignatureRefused, SignatureRequired
from contactpoints.rules.sessions import COOKIE, is_meant
from contactpoints.runtime import Runtime
from contactpoints.store import acting
from contactpoints.store.sealing import secret_hash

_SCHEME = "bearer "
_LONGEST = 200


_MOST_KNOWN = 10_000
_NO_KEY = "This API key is not known, has expired or was revoked."
_NO_SESSION = "This session is not known or has ended: sign in again."


def _secret(request: Request) -> str:
    given = header(request, "Authorization")
    cookie = request.cookies.get(COOKIE["key"], "")
    if not given and cookie.startswith(sessions.TOKEN) and len(cookie) <= _LONGEST:
        return cookie
    if given[: len(_SCHEME)].lower() != _SCHEME or len(given) > _LONGEST:
        raise NotAuthenticated("Send `Authorization: Bearer` with an API key, or with the token of a session.")
    return given[len(_SCHEME) :].strip()


def address_of_request(request: Request) -> str | None:
    """Return from which address a request comes, see `web.Addressed`; None where nobody knows."""
    return request.client.host if request.client else None


async def caller(runtime: Runtime, request: Request) -> Actor:
    """Return who is calling, and note the use of a key. Raises `NotAuthenticated` without saying why.

    Raises `AddressNotAllowed` for a key that is not used from there, `NotFromHere` for a cookie with which somebody
    else's page came, `StepUpNeeded` for an operation that wants a fresh second factor of a person, and as `signed`.
    """
    secret, now = _secret(request), runtime.now()
    of_person = secret.startswith(sessions.TOKEN)
    if of_person and "Authorization" not in request.headers:
        _must_be_meant(runtime, request)
    find = partial(sessions.find_actor, token=secret) if of_person else partial(access.find_actor, secret=secret)
    actor = await find(runtime.db, now=now)
    if actor is None:
        raise NotAuthenticated(_NO_SESSION if of_person else _NO_KEY)
    acting.by_actor(actor)
    if of_person:
        if getattr(request.state, "step_up", False):
            must_be_fresh(actor, now)
        return await signed(runtime, request, actor=actor)
    address = address_of_request(request)
    must_come_from(actor.limits, address)
    actor = await signed(runtime, request, actor=actor)
    runtime.key_uses.note(actor.number, address, now=now)
    return actor


def _must_be_meant(runtime: Runtime, request: Request) -> None:
    site, origin = header(request, "Sec-Fetch-Site"), header(request, "Origin")
    if not is_meant(request.method, site=site, origin=origin, ours=runtime.settings.public_url):
        raise NotFromHere("A session in a cookie is only for pages of this service.")


async def known_caller(runtime: Runtime, request: Request) -> Actor:
    """Return whose key it was when it was last looked up, without a look at the database; a session is looked up.

    Only for `opening.open_alert`, whose own statement checks that the key still stands as it was, or the account. Who
    would be refused by what was known is looked up anew. Raises as `caller`.
    """
    secret = _secret(request)
    name = secret_hash(secret)
    actor = runtime.known_keys.get(name)
    address = address_of_request(request)
    if actor is not None and may_come_from(actor.limits, address):
        acting.by_actor(actor)
        # A public key that was taken on meanwhile is found by the look at the database.
        with suppress(SignatureRequired, SignatureRefused):
            actor = await signed(runtime, request, actor=actor)
            runtime.key_uses.note(actor.number, address, now=runtime.now())
            return actor
    actor = await caller(runtime, request)
    if secret.startswith(sessions.TOKEN):
        return actor
    if len(runtime.known_keys) >= _MOST_KNOWN:
        runtime.known_keys.clear()
    runtime.known_keys[name] = replace(actor, signed=False)
    return actor


def forgotten(runtime: Runtime, request: Request) -> bool:
    """Forget what was known of a key; say whether anything was."""
    return runtime.known_keys.pop(secret_hash(_secret(request)), None) is not None
