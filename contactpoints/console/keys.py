"""The pages of keys: listed, made, changed, rotated, revoked. A secret is shown once, on the answer of its making."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import administration, history, keys
from contactpoints.console.administering import (
    HERE,
    LIST,
    asked,
    cursor_of,
    keeper,
    last_change,
    shown,
    status_of,
    told,
)
from contactpoints.console.forms import fields_of, number_in, raw_form, shaped, version_in, whole
from contactpoints.console.session import go
from contactpoints.rules.access import Actor, Role, may_end_key, may_keep_key
from contactpoints.rules.key_forms import differing, placed, read_form, read_instant, rows_of, write_form
from contactpoints.rules.refusals import AlreadyRotated, KeyMade, NotFound, Refusal, Stale
from contactpoints.runtime import Runtime
from schemas.access import AuthorityKey, ChangedTerms, KeyRotation
from schemas.faults import BadInput, Fault
from schemas.partly import judged
from schemas.requests import REQUEST_KINDS

_PATH = f"{HERE}/keys"
_SPARE, _MORE = 1, 4
"""How many empty rows a form has, and how many more where somebody asks for them."""
_LONGEST_MARK = 64


async def listed(runtime: Runtime, request: Request) -> Response:
    """List the keys that exist for the reader."""
    actor, text, now = await keeper(runtime, request), asked(request, "text"), runtime.now()
    after = cursor_of(request)
    items = await keys.listing(runtime.db, actor=actor, now=now, after=after, most=LIST, text=text or None)
    following = items[-1]["id"] if len(items) == LIST else None
    makes = actor.role is Role.ADMINISTRATOR
    all_here = not (after or following or text)
    told_of: dict[str, Any] = {"keys": items, "next": following, "text": text, "whole": all_here, "makes": makes}
    return shown(runtime, request, template="keys.html", actor=actor, at="keys", **told_of)


async def one(runtime: Runtime, request: Request) -> Response:
    """Show a key, never its secret."""
    return await _one(runtime, request, actor=await keeper(runtime, request))


async def _one(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    said: str = "",
    typed: Mapping[str, str] | None = None,
    faults: Sequence[Fault] = (),
) -> Response:
    key = await keys.read(runtime.db, number_in(request), actor=actor, now=runtime.now())
    keeps = may_keep_key(actor, role=key["role"], party=key["party"])
    choices = await administration.choices(runtime.db, party=key["party"] if keeps else None, actor=actor)
    return shown(
        runtime,
        request,
        template="key.html",
        actor=actor,
        at="keys",
        status=status_of(said),
        faults=faults,
        said=said or asked(request, "said"),
        key=key,
        maker=await history.made_by(runtime.db, key["made_by"], words=runtime.tools.words[actor.language]),
        keeps=keeps,
        ends=may_end_key(actor, role=key["role"], party=key["party"]),
        persons=[(number, name) for number, name, office in choices.persons if office == key["authority"]],
        typed=typed or {},
    )


async def _form(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    said: Mapping[str, Any],
    key: keys.Shown | None = None,
    faults: Sequence[Fault] = (),
    word: str = "",
    once: str = "",
    spare: int = _SPARE,
) -> Response:
    stale = word == "stale" and key is not None
    return shown(
        runtime,
        request,
        template="key_form.html",
        actor=actor,
        at="keys",
        status=status_of(word),
        faults=placed(faults),
        said=word,
        key=key,
        typed=write_form(said),
        rows=rows_of(said, spare=spare),
        kinds=tuple(REQUEST_KINDS),
        choices=await administration.choices(runtime.db, party=actor.party, actor=actor),
        once=once or runtime.tools.entropy(16).hex(),
        others=differing(write_form(said), write_form(key)) if stale and key else [],
        changed=await last_change(runtime, actor, entry="api_keys", number=key["id"]) if stale and key else None,
    )


async def _maker(runtime: Runtime, request: Request) -> Actor:
    """Return who makes keys: administrators of a Party alone. Raises `NotFound`, see `administering.keeper`."""
    actor = await keeper(runtime, request, fresh=True)
    if actor.role is not Role.ADMINISTRATOR:
        raise NotFound("Keys of authorities are made by the administrators of their Party.")
    return actor


async def ask(runtime: Runtime, request: Request) -> Response:
    """Show the form of a new key; a second factor is wanted before anything is typed."""
    actor = await _maker(runtime, request)
    return await _form(runtime, request, actor=actor, said={"language": actor.language, "party": actor.party})


async def make(runtime: Runtime, request: Request) -> Response:
    """Make a key and show its secret, once: sent again the form makes no other."""
    fields = fields_of(await raw_form(request))
    actor, once = await _maker(runtime, request), fields.get("once", "")[:_LONGEST_MARK]
    said = read_form(fields) | {"party": actor.party}
    if "more" in fields:
        return await _form(runtime, request, actor=actor, said=said, once=once, spare=_MORE)
    try:
        shape, faults = judged(AuthorityKey, said)
        made = await keys.make(
            *(runtime.db, shape),
            faults=faults,
            actor=actor,
            now=runtime.now(),
            tools=runtime.tools,
            once=once or None,
        )
    except KeyMade as refusal:
        told(request, refusal)
        return await _form(runtime, request, actor=actor, said=said, word="made_before")
    except (Refusal, BadInput) as refusal:
        word, found = told(request, refusal)
        return await _form(runtime, request, actor=actor, said=said, faults=found, word=word, once=once)
    return _made(runtime, request, actor=actor, key=made)


def _made(runtime: Runtime, request: Request, *, actor: Actor, key: keys.Shown) -> Response:
    return shown(runtime, request, template="key_made.html", actor=actor, at="keys", key=key)


async def ask_change(runtime: Runtime, request: Request) -> Response:
    """Show the terms of a key in a form."""
    actor = await _maker(runtime, request)
    key = await _kept(runtime, request, actor=actor)
    return await _form(runtime, request, actor=actor, said=key, key=key)


async def _kept(runtime: Runtime, request: Request, *, actor: Actor) -> keys.Shown:
    """Return a key that the actor may change. Raises `NotFound` for every other."""
    key = await keys.read(runtime.db, number_in(request), actor=actor, now=runtime.now())
    if not may_keep_key(actor, role=key["role"], party=key["party"]):
        raise NotFound("Only keys of the own Party's authorities are changed here.")
    return key


async def change(runtime: Runtime, request: Request) -> Response:
    """Give a key other terms, unless somebody else did since the form was opened."""
    fields = fields_of(await raw_form(request))
    actor = await _maker(runtime, request)
    key, said = await _kept(runtime, request, actor=actor), read_form(fields)
    offered = {name: value for name, value in said.items() if name not in ("party", "authority")}
    if "more" in fields:
        version = version_in(fields) or key["version"]
        return await _form(runtime, request, actor=actor, said=said, key=key | {"version": version}, spare=_MORE)
    try:
        terms, faults = judged(ChangedTerms, offered)
        changed = keys.Said(terms, faults, actor, runtime.now())
        version, holder = version_in(fields), terms.holder_id
        await keys.change(runtime.db, key["id"], version=version, said=changed, holder=holder, page=True)
    except Stale as refusal:
        word, _ = told(request, refusal)
        return await _form(runtime, request, actor=actor, said={**key, **said}, key=key, word=word)
    except (Refusal, BadInput) as refusal:
        word, found = told(request, refusal)
        sent = key | {"version": version_in(fields) or key["version"]}
        return await _form(runtime, request, actor=actor, said=said, key=sent, faults=found, word=word)
    return go(f"{_PATH}/{key['id']}?said=changed")


async def rotate(runtime: Runtime, request: Request) -> Response:
    """Make the successor of a key and show its secret, once."""
    fields = fields_of(await raw_form(request))
    actor, number = await keeper(runtime, request, fresh=True), number_in(request)
    holder = fields.get("holder_id", "").strip()
    try:
        shape = shaped(
            KeyRotation,
            ends_at=read_instant(fields.get("ends_at", "")),
            holder_id=whole(holder) if holder else None,
        )
        made = await keys.rotate(
            *(runtime.db, number),
            ends_at=shape.ends_at,
            holder=shape.holder_id,
            actor=actor,
            now=runtime.now(),
            tools=runtime.tools,
        )
    except (Refusal, BadInput) as refusal:
        word, found = told(request, refusal)
        word = "rotated" if isinstance(refusal, AlreadyRotated) else word
        return await _one(runtime, request, actor=actor, said=word, typed=fields, faults=found)
    return _made(runtime, request, actor=actor, key=made)


async def revoke(runtime: Runtime, request: Request) -> Response:
    """Revoke a key at once. Whoever asks is looked at once the form is here, see `account`."""
    await raw_form(request)
    actor, number = await keeper(runtime, request, fresh=True), number_in(request)
    try:
        await keys.revoke(runtime.db, number, actor=actor, now=runtime.now())
    except Refusal as refusal:
        word, _ = told(request, refusal)
        return await _one(runtime, request, actor=actor, said=word)
    return go(f"{_PATH}/{number}?said=revoked")


async def _back(_runtime: Runtime, request: Request) -> Response:
    """Lead from the address of a form that was sent, opened again, to the key."""
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
        Route(f"{number}/rotation", _back, methods=["GET"]),
        Route(f"{number}/rotation", rotate, methods=["POST"]),
        Route(f"{number}/revocation", _back, methods=["GET"]),
        Route(f"{number}/revocation", revoke, methods=["POST"]),
    ]
