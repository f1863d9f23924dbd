"""The pages of accounts: listed, invited, changed, ended; the link goes by mail and is shown on none of them."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import accounts, administration, history
from contactpoints.console.administering import (
    HERE,
    LIST,
    asked,
    cursor_of,
    given,
    keeper,
    last_change,
    shown,
    status_of,
    told,
)
from contactpoints.console.forms import fields_of, number_in, raw_form
from contactpoints.console.session import go
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.accounts import may_be_given
from contactpoints.rules.refusals import Refusal
from contactpoints.runtime import Runtime
from schemas.access import WITHOUT_PARTY
from schemas.accounts import AccountOut, NewAccount, Standing
from schemas.faults import BadInput, Fault
from schemas.partly import judged
from schemas.writing import write_json

_PATH = f"{HERE}/accounts"
_WORDS = ("name", "email", "role", "party", "authority", "language", "openid")
_NUMBERS = ("contact_point_id", "officer_id")
_STANDING = (*(name for name in _WORDS if name != "email"), *_NUMBERS)


async def listed(runtime: Runtime, request: Request) -> Response:
    """List the accounts that exist for the reader."""
    actor, text = await keeper(runtime, request), asked(request, "text")
    after = cursor_of(request)
    items = await accounts.listing(runtime.db, actor=actor, after=after, most=LIST, text=text or None)
    following = items[-1]["id"] if len(items) == LIST else None
    return shown(
        runtime,
        request,
        template="accounts.html",
        actor=actor,
        at="accounts",
        accounts=items,
        next=following,
        text=text,
        whole=not (after or following or text),
    )


async def one(runtime: Runtime, request: Request) -> Response:
    """Show an account."""
    return await _one(runtime, request, actor=await keeper(runtime, request))


async def _one(runtime: Runtime, request: Request, *, actor: Actor, said: str = "") -> Response:
    account = await accounts.read(runtime.db, number_in(request), actor=actor)
    return shown(
        runtime,
        request,
        template="account_of.html",
        actor=actor,
        at="accounts",
        status=status_of(said),
        account=account,
        maker=await history.made_by(runtime.db, account["created_by"], words=runtime.tools.words[actor.language]),
        said=said or asked(request, "said"),
        once=runtime.tools.entropy(16).hex(),
        given=may_be_given(actor, account["role"], party=account["party"]),
        choices=await administration.choices(runtime.db, party=account["party"], actor=actor),
    )


async def _form(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    typed: Mapping[str, object],
    account: AccountOut | None = None,
    faults: Sequence[Fault] = (),
    said: str = "",
) -> Response:
    party, stale = _party(actor, typed), said == "stale"
    roles = tuple(each for each in Role if may_be_given(actor, each, party=party))
    return shown(
        runtime,
        request,
        template="account_form.html",
        actor=actor,
        at="accounts",
        status=status_of(said),
        faults=faults,
        said=said,
        account=account,
        typed=typed,
        party=party,
        roles=[each.value for each in roles if (each.value in WITHOUT_PARTY) == (party is None)],
        parties=await administration.parties(runtime.db, actor=actor),
        choices=await administration.choices(runtime.db, party=party, actor=actor),
        providers=[(each.name, each.title) for each in runtime.settings.openid.values()],
        mails="email" in runtime.tools.gateways,
        once=runtime.tools.entropy(16).hex(),
        was=_mark(account) if account and (stale or "was" not in typed) else typed.get("was", ""),
        changed=await last_change(runtime, actor, entry="accounts", number=account["id"])
        if stale and account
        else None,
    )


def _party(actor: Actor, typed: Mapping[str, object]) -> str | None:
    """Return of which Party somebody is to be: an administrator's own, whatever was typed."""
    return actor.party if actor.role is Role.ADMINISTRATOR else (str(typed.get("party") or "") or None)


def _mark(account: AccountOut) -> str:
    """Return by what it is seen that an account was changed since it was read: it has no version."""
    told = write_json({name: account.get(name) for name in _STANDING})
    return hashlib.sha256(told.encode()).hexdigest()[:16]


async def ask(runtime: Runtime, request: Request) -> Response:
    """Show the form by which somebody is invited; a second factor is wanted before anything is typed."""
    actor = await keeper(runtime, request, fresh=True)
    return await _form(runtime, request, actor=actor, typed={"language": actor.language})


async def make(runtime: Runtime, request: Request) -> Response:
    """Make an account; its link goes by mail. Or offer what there is of another Party, with what was typed."""
    fields = fields_of(await raw_form(request))
    actor, db = await keeper(runtime, request, fresh=True), runtime.db
    if fields.get("act") == "choose":
        return await _form(runtime, request, actor=actor, typed=fields)
    said = _said(fields, actor=actor)
    try:
        shape, faults = judged(NewAccount, said)
        made = await accounts.make(
            *(db, shape),
            faults=faults,
            actor=actor,
            now=runtime.now(),
            tools=runtime.tools,
            once=fields.get("once", ""),
        )
    except (Refusal, BadInput) as refusal:
        word, found = told(request, refusal)
        return await _form(runtime, request, actor=actor, typed=fields, faults=found, said=word)
    return go(f"{_PATH}/{made['id']}?said=invited")


def _said(fields: Mapping[str, str], *, actor: Actor) -> dict[str, object]:
    said = given(fields, _WORDS, numbers=_NUMBERS)
    return said | {"party": _party(actor, said)}


async def ask_change(runtime: Runtime, request: Request) -> Response:
    """Show the form by which an account is changed."""
    actor = await keeper(runtime, request, fresh=True)
    account = await accounts.read(runtime.db, number_in(request), actor=actor)
    return await _form(runtime, request, actor=actor, typed={**account}, account=account)


async def change(runtime: Runtime, request: Request) -> Response:
    """Change who somebody is, unless somebody else did since the form was opened; or offer what another Party has."""
    fields = fields_of(await raw_form(request))
    actor, number = await keeper(runtime, request, fresh=True), number_in(request)
    account = await accounts.read(runtime.db, number, actor=actor)
    if fields.get("act") == "choose":
        return await _form(runtime, request, actor=actor, typed=fields, account=account)
    said = {name: value for name, value in _said(fields, actor=actor).items() if name != "email"}
    if fields.get("was") != _mark(account):
        if all(account.get(name) == said.get(name) for name in _STANDING):
            return go(f"{_PATH}/{number}?said=changed")
        return await _form(runtime, request, actor=actor, typed=fields, account=account, said="stale")
    try:
        shape, faults = judged(Standing, said)
        await accounts.change(
            runtime.db,
            number,
            said=shape,
            was=account,
            faults=faults,
            actor=actor,
            now=runtime.now(),
            tools=runtime.tools,
        )
    except (Refusal, BadInput) as refusal:
        word, found = told(request, refusal)
        return await _form(runtime, request, actor=actor, typed=fields, account=account, faults=found, said=word)
    return go(f"{_PATH}/{number}?said=changed")


async def end(runtime: Runtime, request: Request) -> Response:
    """Let nobody in by an account any more. Whoever asks is looked at once the form is here, see `account`."""
    await raw_form(request)
    return await _act(runtime, request, act=accounts.disable, said="ended")


async def invite_again(runtime: Runtime, request: Request) -> Response:
    """Mail another link."""
    once = fields_of(await raw_form(request)).get("once", "")
    return await _act(runtime, request, act=partial(accounts.invite_again, once=once), said="invited_again")


async def _act(runtime: Runtime, request: Request, *, act: Callable[..., Awaitable[AccountOut]], said: str) -> Response:
    actor, number = await keeper(runtime, request, fresh=True), number_in(request)
    try:
        await act(runtime.db, number, actor=actor, now=runtime.now(), tools=runtime.tools)
    except Refusal as refusal:
        word, _ = told(request, refusal)
        return await _one(runtime, request, actor=actor, said=word)
    return go(f"{_PATH}/{number}?said={said}")


async def _back(_runtime: Runtime, request: Request) -> Response:
    """Lead from the address of a form that was sent, opened again, to the account."""
    return go(f"{_PATH}/{number_in(request)}")


def routes() -> list[Route]:
    """Return the addresses of this file."""
    number = f"{_PATH}/{{number}}"
    return [
        Route(_PATH, listed, methods=["GET"]),
        Route(_PATH, make, methods=["POST"]),
        Route(f"{_PATH}/new", ask, methods=["GET"]),
        Route(number, one, methods=["GET"]),
        Route(f"{number}/change", ask_change, methods=["GET"]),
        Route(f"{number}/change", change, methods=["POST"]),
        Route(f"{number}/end", _back, methods=["GET"]),
        Route(f"{number}/end", end, methods=["POST"]),
        Route(f"{number}/invitation", _back, methods=["GET"]),
        Route(f"{number}/invitation", invite_again, methods=["POST"]),
    ]
