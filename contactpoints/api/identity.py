"""Who is calling: an API key or a session in the Authorization header, or a session in the cookie of a browser."""

from contextlib import suppress
from dataclasses import replace
from functools import partial

from starlette.requests import Request

from contactpoints.actions import access, sessions
from contactpoints.actions.auditing import net_of
from contactpoints.api.queries import header
from contactpoints.api.signatures import signed
from contactpoints.rules.access import Actor
from contactpoints.rules.accounts import must_be_fresh
from contactpoints.rules.addresses_of_callers import address_of_client
from contactpoints.rules.key_limits import may_come_from, must_come_from
from contactpoints.rules.refusals import NotAuthenticated, NotFromHere, SignatureRefused, SignatureRequired
from contactpoints.rules.sessions import COOKIE, is_meant
from contactpoints.rules.throttle import EMERGENCY, KEY, UNKNOWN
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


def session_of(request: Request) -> str | None:
    """Return the token of the session in which somebody asks, None for a key. Raises `NotAuthenticated` for neither."""
    secret = _secret(request)
    return secret if secret.startswith(sessions.TOKEN) else None


async def caller(runtime: Runtime, request: Request, *, paced: bool = True, used: bool = True) -> Actor:
    """Return who is calling, and note the use of a key. Raises `NotAuthenticated` without saying why.

    Raises `AddressNotAllowed` for a key that is not used from there, `NotFromHere` for a cookie with which somebody
    else's page came, `StepUpNeeded` for an operation that wants a fresh second factor of a person, `TooManyRequests`,
    and as `signed`. Who is not ``paced`` here is where it is known what is asked. A session is not ``used`` by a page
    that is open: it keeps none alive.
    """
    secret, now = _secret_told(runtime, request), runtime.now()
    of_person = secret.startswith(sessions.TOKEN)
    if of_person and not header(request, "Authorization"):
        _must_be_meant(runtime, request)
    known_by = partial(sessions.find_actor, token=secret, used=used)
    find = known_by if of_person else partial(access.find_actor, secret=secret)
    address = address_of_client(request.client)

    async def found() -> Actor:
        known = await find(runtime.db, now=runtime.now())
        if known is None:
            raise _unknown(runtime, request, told=_NO_SESSION if of_person else _NO_KEY)
        acting.by_actor(known)
        if not of_person:
            must_come_from(known.limits, address)
        return known

    actor = await found()
    request.state.look_again = found
    if of_person and getattr(request.state, "step_up", False):
        must_be_fresh(actor, now)
    # A person has a session, and signs nothing: a signature there is that of somebody in between.
    if not of_person:
        actor = await signed(runtime, request, actor=actor)
        runtime.key_uses.note(actor.number, address, now=now)
    if paced:
        pace(runtime, actor)
    return actor


def pace(runtime: Runtime, actor: Actor, *, emergency: bool = False) -> None:
    """Count what a key or an account asks. Raises `TooManyRequests`; of an emergency by a bound of its own."""
    what, limit = ("emergencies", EMERGENCY) if emergency else ("key", KEY)
    runtime.pace.take(what, actor.number, limit=limit, now=runtime.now())


def _unknown(runtime: Runtime, request: Request, *, told: str) -> NotAuthenticated:
    """Return the refusal of somebody whom nobody knows. Raises `TooManyRequests` where there were many from there.

    A key that is known is served, whoever else is at the same address: so this is asked only after the key was looked
    for.
    """
    runtime.pace.take("address", net_of(address_of_client(request.client)), limit=UNKNOWN, now=runtime.now())
    return NotAuthenticated(told)


def _secret_told(runtime: Runtime, request: Request) -> str:
    try:
        return _secret(request)
    except NotAuthenticated as nothing:
        raise _unknown(runtime, request, told=nothing.detail) from None


def _must_be_meant(runtime: Runtime, request: Request) -> None:
    site, origin = header(request, "Sec-Fetch-Site"), header(request, "Origin")
    if not is_meant(request.method, site=site, origin=origin, ours=runtime.settings.public_url):
        raise NotFromHere("A session in a cookie is only for pages of this service.")


async def known_caller(runtime: Runtime, request: Request) -> Actor:
    """Return whose key it was when it was last looked up, without a look at the database; a session is looked up.

    Only for `opening.open_alert`, whose own statement checks that the key still stands as it was, or the account. Who
    would be refused by what was known is looked up anew. Raises as `caller`, but of the `pace` others ask.
    """
    actor = runtime.known_keys.get(secret_hash(_secret_told(runtime, request)))
    address = address_of_client(request.client)
    if actor is not None and may_come_from(actor.limits, address):
        acting.by_actor(actor)
        # A public key that was taken on meanwhile is found by the look at the database.
        with suppress(SignatureRequired, SignatureRefused):
            actor = await signed(runtime, request, actor=actor)
            runtime.key_uses.note(actor.number, address, now=runtime.now())
            return actor
    return await looked_up(runtime, request)


async def looked_up(runtime: Runtime, request: Request) -> Actor:
    """Return who is calling, as the database has it now; a key is known from now on. Raises as `known_caller`."""
    actor = await caller(runtime, request, paced=False)
    if actor.kind == "key":
        if len(runtime.known_keys) >= _MOST_KNOWN:
            runtime.known_keys.clear()
        runtime.known_keys[secret_hash(_secret(request))] = replace(actor, signed=False)
    return actor
