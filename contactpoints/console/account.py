"""The page of the own account: passkeys, sessions, password, recovery codes; and where one shows again who it is.

Who asks is looked at once the form is here, however slowly it came: nobody acts in a session that ended meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import accounts, own_account, passkeys, sessions
from contactpoints.actions.signing_in import Begun
from contactpoints.console.forms import fields_of, number_in, raw_form, shaped, waiting
from contactpoints.console.rendering import page
from contactpoints.console.session import enter, go, leave, refused, somebody
from contactpoints.rules.access import Actor
from contactpoints.rules.devices import browser_of
from contactpoints.rules.refusals import Conflict, Invalid, PasskeyCopied, TooManyTries
from contactpoints.rules.sessions import is_fresh, own_path
from contactpoints.runtime import Runtime
from schemas.accounts import NewPassword, StepUp
from schemas.faults import BadInput, Fault
from schemas.passkeys import NewPasskey, PasskeyName, ShownPasskey

_HERE = "/account"


async def _shown(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    faults: Sequence[Fault] = (),
    said: str = "",
    wait: TooManyTries | None = None,
    name: str | None = None,
) -> Response:
    now = runtime.now()
    assert actor.proven_at is not None, "a person acts in a session"
    kept = await passkeys.listing(runtime.db, actor=actor)
    open_now = await sessions.listing(runtime.db, actor=actor, now=now)
    return page(
        "account.html",
        language=actor.language,
        rehearsal=runtime.settings.rehearsal,
        scripted=True,
        status=429 if wait else 422 if faults or said else 200,
        account=await accounts.read(runtime.db, actor.number, actor=actor),
        passkeys=[{**each, "used": _instant(each["used_at"])} for each in kept],
        sessions=[{**each, "seen": _instant(each["seen_at"])} for each in open_now],
        has_password=await own_account.has_password(runtime.db, actor=actor),
        by_provider=any(each["current"] and "openid_mfa" in each["factors"] for each in open_now),
        fresh=is_fresh(actor.proven_at, now),
        now=now,
        faults=faults,
        said="wait" if wait else said,
        minutes=waiting(wait),
        typed_name=browser_of(request.headers.get("User-Agent", "")) if name is None else name,
    )


def _instant(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


async def show(runtime: Runtime, request: Request) -> Response:
    """Show the own account."""
    return await _shown(runtime, request, actor=await somebody(runtime, request))


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
        return await _shown(runtime, request, actor=actor, faults=refusal.faults, name=name)
    except Conflict as refusal:
        refused(request, refusal)
        return await _shown(runtime, request, actor=actor, said="many", name=name)
    return go(_HERE)


async def rename_passkey(runtime: Runtime, request: Request) -> Response:
    """Give a passkey another name."""
    fields = fields_of(await raw_form(request))
    actor = await somebody(runtime, request, fresh=True)
    try:
        said = shaped(PasskeyName, name=fields.get("name", "").strip())
    except BadInput as refusal:
        return await _shown(runtime, request, actor=actor, faults=refusal.faults)
    await passkeys.rename(runtime.db, number_in(request), name=said.name, actor=actor)
    return go(_HERE)


async def remove_passkey(runtime: Runtime, request: Request) -> Response:
    """Remove a passkey, but never the last way in."""
    actor = await somebody(runtime, request, fresh=True)
    try:
        await passkeys.remove(runtime.db, number_in(request), actor=actor, now=runtime.now(), tools=runtime.tools)
    except Conflict as refusal:
        refused(request, refusal)
        return await _shown(runtime, request, actor=actor, said="last")
    return go(_HERE)


async def end_session(runtime: Runtime, request: Request) -> Response:
    """End one session; one's own is left."""
    actor, number = await somebody(runtime, request), number_in(request)
    await sessions.end(runtime.db, number, actor=actor, now=runtime.now())
    return leave("signed_out") if number == actor.session else go(_HERE)


async def end_sessions(runtime: Runtime, request: Request) -> Response:
    """Sign out everywhere."""
    actor = await somebody(runtime, request)
    await sessions.end(runtime.db, None, actor=actor, now=runtime.now())
    return leave("signed_out")


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
        return await _shown(runtime, request, actor=actor, faults=refusal.faults)
    except TooManyTries as refusal:
        refused(request, refusal)
        return await _shown(runtime, request, actor=actor, wait=refusal)
    return leave("password_changed")


async def renew_codes(runtime: Runtime, request: Request) -> Response:
    """Show new recovery codes, once."""
    actor = await somebody(runtime, request, fresh=True)
    codes = await own_account.renew_recovery_codes(runtime.db, actor=actor, now=runtime.now(), tools=runtime.tools)
    rehearsal = runtime.settings.rehearsal
    return page("codes.html", language=actor.language, rehearsal=rehearsal, accepted=False, codes=codes)


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
    return page(
        "again.html",
        language=actor.language,
        rehearsal=runtime.settings.rehearsal,
        scripted=True,
        status=429 if wait else 422 if faults or said else 200,
        going=own_path(going, instead=_HERE),
        entrance=runtime.settings.demo,
        has_passkey=bool(await passkeys.listing(runtime.db, actor=actor)),
        provider=runtime.settings.openid.get(own["openid"] or ""),
        has_password=await own_account.has_password(runtime.db, actor=actor),
        faults=faults,
        said="wait" if wait else said,
        minutes=waiting(wait),
    )


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
    return enter(begun, own_path(going, instead=_HERE))


async def _shown_again(runtime: Runtime, actor: Actor, *, fields: dict[str, str]) -> Begun:
    db, now, tools = runtime.db, runtime.now(), runtime.tools
    if "code" in fields:
        code = shaped(StepUp, code=fields["code"].strip()).code
        return await own_account.step_up(db, code, actor=actor, now=now, tools=tools)
    credential = shaped(ShownPasskey, credential=fields.get("credential", "")).credential
    return await passkeys.step_up(db, credential, actor=actor, now=now, tools=tools)


async def _back(_runtime: Runtime, _request: Request) -> Response:
    """Lead from the address of a form that was sent, opened again, to the page."""
    return go(_HERE)


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
        Route(_HERE, show, methods=["GET"]),
        Route(f"{_HERE}/again", ask_again, methods=["GET"]),
        Route(f"{_HERE}/again", show_again, methods=["POST"]),
        *(Route(_HERE + path, act, methods=["POST"]) for path, act in acts.items()),
        *(Route(_HERE + path, _back, methods=["GET"]) for path in acts),
    ]
