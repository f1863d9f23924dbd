"""The page of the own account: passkeys, sessions, password, recovery codes; and where one shows again who it is.

Who asks is looked at once the form is here, however slowly it came: nobody acts in a session that ended meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import available_timezones

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import accounts, own_account, own_officer, passkeys, sessions
from contactpoints.actions.signing_in import Begun
from contactpoints.console.forms import fields_of, number_in, raw_form, shaped, slowed, waiting
from contactpoints.console.session import enter, go, leave, refused, somebody
from contactpoints.console.shell import desk, zone_of
from contactpoints.rules.access import Actor
from contactpoints.rules.devices import browser_of
from contactpoints.rules.refusals import Conflict, Forbidden, Invalid, NotFound, PasskeyCopied, TooManyTries
from contactpoints.rules.sessions import is_fresh, own_path
from contactpoints.runtime import Runtime
from contactpoints.store.entries import Entry
from schemas.accounts import AccountOut, NewPassword, StepUp
from schemas.faults import BadInput, Fault
from schemas.passkeys import NewPasskey, PasskeyName, ShownPasskey

HERE = "/account"


@dataclass(frozen=True, slots=True)
class Told:
    """What a form of the page came to: its ``faults``, what was ``said``, and what was ``typed``; ``wait``: how long.

    ``stale``: what was typed is about the entry of an officer that somebody else has changed meanwhile.
    """

    faults: Sequence[Fault] = ()
    said: str = ""
    wait: TooManyTries | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    stale: bool = False


_NOTHING = Told()
_NO_OFFICER = (None, (), own_officer.Reach())


async def shown(runtime: Runtime, request: Request, *, actor: Actor, told: Told = _NOTHING) -> Response:
    """Return the page of the own account."""
    now = runtime.now()
    assert actor.proven_at is not None, "a person acts in a session"
    account = await accounts.read(runtime.db, actor.number, actor=actor)
    kept = await passkeys.listing(runtime.db, actor=actor)
    open_now = await sessions.listing(runtime.db, actor=actor, now=now)
    officer, shifts, reach = await _officer(runtime, actor, account=account)
    browser = browser_of(request.headers.get("User-Agent", ""))
    given = {"zone": zone_of(request), "language": account["language"], "name": browser} | _spoken(officer)
    answer = desk(
        runtime,
        request,
        template="account.html",
        actor=actor,
        here="",
        status=429 if told.wait else 412 if told.stale else 422 if told.faults or told.said else 200,
        account=account,
        passkeys=kept,
        open_now=open_now,
        has_password=await own_account.has_password(runtime.db, actor=actor),
        codes_left=await own_account.recovery_codes_left(runtime.db, actor=actor),
        by_provider=any(each["current"] and "openid_mfa" in each["factors"] for each in open_now),
        fresh=is_fresh(actor.proven_at, now),
        officer=officer,
        shifts=shifts,
        reach=reach,
        every_zone=sorted(available_timezones()),
        faults=told.faults,
        said="wait" if told.wait else told.said,
        stale=told.stale,
        minutes=waiting(told.wait),
        typed=given | dict(told.typed),
        renaming=request.path_params.get("number", ""),
        done=request.query_params.get("done", ""),
    )
    return slowed(answer, told.wait)


async def _officer(
    runtime: Runtime, actor: Actor, *, account: AccountOut
) -> tuple[Entry | None, Sequence[own_officer.OwnShift], own_officer.Reach]:
    """Return the officer whose account it is, the shifts ahead, in so far as there are such, and how one is reached."""
    if account["officer_id"] is None:
        return _NO_OFFICER
    try:
        entry = await own_officer.read(runtime.db, actor=actor)
        ahead = await own_officer.ahead(runtime.db, entry, actor=actor, now=runtime.now(), tools=runtime.tools)
    except (NotFound, Forbidden):
        return _NO_OFFICER
    return entry, ahead, await own_officer.reach(runtime.db, entry, now=runtime.now(), tools=runtime.tools)


def _spoken(officer: Entry | None) -> dict[str, str]:
    if officer is None:
        return {}
    return {
        "officer_language": officer["language"],
        "languages": ", ".join(officer["languages"]),
        "notices_by": officer["notices_by"] or "",
        "notices_minutes": officer["notices_minutes"] or "",
    }


async def show(runtime: Runtime, request: Request) -> Response:
    """Show the own account."""
    return await shown(runtime, request, actor=await somebody(runtime, request))


async def add_passkey(runtime: Runtime, request: Request) -> Response:
    """Keep a passkey that a device has made."""
    fields = fields_of(await raw_form(request))
    actor = await somebody(runtime, request, fresh=True)
    name = fields.get("name", "").strip()
    try:
        said = shaped(NewPasskey, name=name, credential=fields.get("credential", ""))
        await passkeys.add(runtime.db, said, actor=actor, now=runtime.now(), tools=runtime.tools)
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await shown(runtime, request, actor=actor, told=Told(faults=refusal.faults, typed={"name": name}))
    except Conflict as refusal:
        refused(request, refusal)
        return await shown(runtime, request, actor=actor, told=Told(said="many", typed={"name": name}))
    return go(HERE)


async def rename_passkey(runtime: Runtime, request: Request) -> Response:
    """Give a passkey another name."""
    fields = fields_of(await raw_form(request))
    actor = await somebody(runtime, request, fresh=True)
    try:
        said = shaped(PasskeyName, name=fields.get("name", "").strip())
    except BadInput as refusal:
        refused(request, refusal)
        faults = [Fault("/renamed", each.code, each.detail) for each in refusal.faults]
        typed = {"renamed": fields.get("name", "")}
        return await shown(runtime, request, actor=actor, told=Told(faults=faults, typed=typed))
    await passkeys.rename(runtime.db, number_in(request), name=said.name, actor=actor)
    return go(HERE)


async def remove_passkey(runtime: Runtime, request: Request) -> Response:
    """Remove a passkey, but never the last way in."""
    actor = await somebody(runtime, request, fresh=True)
    try:
        await passkeys.remove(runtime.db, number_in(request), actor=actor, now=runtime.now(), tools=runtime.tools)
    except NotFound as refusal:
        return _ended(request, refusal)
    except Conflict as refusal:
        refused(request, refusal)
        return await shown(runtime, request, actor=actor, told=Told(said="last"))
    return go(HERE)


async def end_session(runtime: Runtime, request: Request) -> Response:
    """End one session; one's own is left."""
    actor, number = await somebody(runtime, request), number_in(request)
    try:
        await sessions.end(runtime.db, number, actor=actor, now=runtime.now())
    except NotFound as refusal:
        return _ended(request, refusal)
    return leave("signed_out", actor) if number == actor.session else go(HERE)


def _ended(request: Request, refusal: NotFound) -> Response:
    """Lead back whoever ends what is not there: it was sent twice, and the page tells what is left."""
    refused(request, refusal)
    return go(HERE)


async def end_sessions(runtime: Runtime, request: Request) -> Response:
    """Sign out everywhere."""
    actor = await somebody(runtime, request)
    await sessions.end(runtime.db, None, actor=actor, now=runtime.now())
    return leave("signed_out", actor)


async def change_password(runtime: Runtime, request: Request) -> Response:
    """Take another password, and sign out everywhere."""
    fields = fields_of(await raw_form(request))
    actor = await somebody(runtime, request, fresh=True)
    old, new = fields.get("old_password", ""), fields.get("password", "")
    try:
        said = shaped(NewPassword, old_password=old, password=new)
        await own_account.change_password(runtime.db, said, actor=actor, now=runtime.now(), tools=runtime.tools)
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await shown(runtime, request, actor=actor, told=Told(faults=refusal.faults))
    except TooManyTries as refusal:
        refused(request, refusal)
        return await shown(runtime, request, actor=actor, told=Told(wait=refusal))
    return leave("password_changed", actor)


async def renew_codes(runtime: Runtime, request: Request) -> Response:
    """Show new recovery codes, once."""
    actor = await somebody(runtime, request, fresh=True)
    codes = await own_account.renew_recovery_codes(runtime.db, actor=actor, now=runtime.now(), tools=runtime.tools)
    return desk(runtime, request, template="codes.html", actor=actor, here="", accepted=False, codes=codes)


async def _asked_again(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    going: str,
    faults: Sequence[Fault] = (),
    said: str = "",
    wait: TooManyTries | None = None,
) -> Response:
    own = await accounts.read(runtime.db, actor.number, actor=actor)
    answer = desk(
        runtime,
        request,
        template="again.html",
        actor=actor,
        here="",
        status=429 if wait else 422 if faults or said else 200,
        going=own_path(going, instead=HERE),
        entrance=runtime.settings.demo,
        has_passkey=bool(await passkeys.listing(runtime.db, actor=actor)),
        provider=runtime.settings.openid.get(own["openid"] or ""),
        has_password=await own_account.has_password(runtime.db, actor=actor),
        faults=faults,
        said="wait" if wait else said,
        minutes=waiting(wait),
    )
    return slowed(answer, wait)


async def ask_again(runtime: Runtime, request: Request) -> Response:
    """Ask for a second factor before what wants a fresh one."""
    actor = await somebody(runtime, request)
    return await _asked_again(runtime, request, actor=actor, going=request.query_params.get("next", ""))


async def show_again(runtime: Runtime, request: Request) -> Response:
    """Take a code, or what a device has signed, and go on under another token."""
    fields = fields_of(await raw_form(request))
    actor = await somebody(runtime, request)
    going = fields.get("next", "")
    try:
        begun = await _shown_again(runtime, actor, fields=dict(fields))
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        said = "" if "code" in fields else "passkey"
        faults = refusal.faults if "code" in fields else ()
        return await _asked_again(runtime, request, actor=actor, going=going, faults=faults, said=said)
    except PasskeyCopied as refusal:
        refused(request, refusal)
        return await _asked_again(runtime, request, actor=actor, going=going, said="copied")
    except TooManyTries as refusal:
        refused(request, refusal)
        return await _asked_again(runtime, request, actor=actor, going=going, wait=refusal)
    return enter(begun, own_path(going, instead=HERE))


async def _shown_again(runtime: Runtime, actor: Actor, *, fields: dict[str, str]) -> Begun:
    db, now, tools = runtime.db, runtime.now(), runtime.tools
    if "code" in fields:
        code = shaped(StepUp, code=fields["code"].strip()).code
        return await own_account.step_up(db, code, actor=actor, now=now, tools=tools)
    credential = shaped(ShownPasskey, credential=fields.get("credential", "")).credential
    return await passkeys.step_up(db, credential, actor=actor, now=now, tools=tools)


async def _back(_runtime: Runtime, _request: Request) -> Response:
    """Lead from the address of a form that was sent, opened again, to the page."""
    return go(HERE)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    acts = {
        "/passkeys": add_passkey,
        "/passkeys/{number}": rename_passkey,
        "/passkeys/{number}/removal": remove_passkey,
        "/sessions/end": end_sessions,
        "/sessions/{number}/end": end_session,
        "/password": change_password,
        "/recovery-codes": renew_codes,
        "/again/passkey": show_again,
    }
    return [
        Route(HERE, show, methods=["GET"]),
        Route(f"{HERE}/again", ask_again, methods=["GET"]),
        Route(f"{HERE}/again", show_again, methods=["POST"]),
        *(Route(HERE + path, act, methods=["POST"]) for path, act in acts.items()),
        *(Route(HERE + path, _back, methods=["GET"]) for path in acts),
    ]
