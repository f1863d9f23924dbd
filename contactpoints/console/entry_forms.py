"""Entries of the directory are added, changed and retired by forms that follow from the shapes of the entries.

What else is told of a field stands with its kind in `entry_form.html`, and its name in `rules.history_text.FIELDS`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import directory, entry_page, history
from contactpoints.actions.entry_page import Choice, Looked
from contactpoints.console.directory import HERE, entry_in, entry_named, in_words, path_of, shown
from contactpoints.console.forms import fields_of, raw_form, version_in
from contactpoints.console.session import go, refused, somebody
from contactpoints.console.shell import desk
from contactpoints.rules import history_text
from contactpoints.rules.access import Actor, keeps_entries_of
from contactpoints.rules.accounts import FRESH_ENTRIES
from contactpoints.rules.history import REFERS
from contactpoints.rules.phrasing import Catalogue, channel_of, function_of, say
from contactpoints.rules.refusals import Conflict, Invalid, NotFound, Stale, StillReferredTo
from contactpoints.rules.wording_directory import code_of, relied_of
from contactpoints.runtime import Runtime
from contactpoints.store.entries import OPEN, REGISTERS, Key
from schemas.entry_forms import FormField, compacted, fields_of_shape, rows_in, said_in, typed_of
from schemas.exchange import SHAPES
from schemas.faults import BadInput, Fault
from schemas.fields import Shape
from schemas.history import Stated
from schemas.partly import judged
from schemas.reading import validate

_FIXED = ("contact_point_id", "officer_id", "party", "secretariat")
_OWNERS = {"contact_point_id": "contact_points", "officer_id": "officers", "party": "parties"}


def _fixed(kind: str, *, new: bool) -> frozenset[str]:
    """Return the fields that nobody types: whose an entry is, and what is told once for all."""
    again = () if new else ({"channels": ("kind",), "parties": ("code",)}.get(kind, ()))
    return frozenset((*(name for name in _FIXED if name in SHAPES[kind].model_fields), *again))


async def _page(
    runtime: Runtime,
    request: Request,
    *,
    actor: Actor,
    kind: str,
    looked: Looked | None,
    typed: Mapping[str, str],
    key: Key | None = None,
    version: str = "",
    faults: Sequence[Fault] = (),
    stale: Stale | None = None,
    taken: bool = False,
    ended: bool = False,
) -> Response:
    """Return the form of an entry, or of a new one below the entry that was ``looked`` at."""
    words, shape = runtime.tools.words[actor.language], SHAPES[kind]
    listed = await _listed(runtime, shape, looked=looked)
    fixed = _fixed(kind, new=key is None)
    since: Any = stale.facts.get("changed_since", ()) if stale else ()
    return desk(
        runtime,
        request,
        template="entry_form.html",
        actor=actor,
        here="directory",
        status=412 if stale else 409 if taken or ended else 422 if faults else 200,
        kind=kind,
        key=key,
        looked=looked,
        path=request.url.path,
        fields=[each for each in fields_of_shape(shape) if each.name not in (*fixed, "reason")],
        typed=typed,
        faults=[Fault(each.pointer.removeprefix("/query"), each.code, each.detail) for each in faults],
        labels={each.pointer[1:]: _label(words, each.pointer) for each in faults},
        options_of=lambda field: _options(words, field, kind=kind, listed=listed),
        rows_in=lambda place: rows_in(typed, place),
        owner=next((_OWNERS[each] for each in _OWNERS if each in shape.model_fields), "") if looked else "",
        version=version,
        since=since,
        now_there={each["field"]: each["said"] for one in reversed(since) for each in one["changes"]},
        taken=taken,
        ended=ended,
        **in_words(words),
    )


async def _listed(runtime: Runtime, shape: type[Shape], *, looked: Looked | None) -> Mapping[str, list[Choice]]:
    """Return the entries to which fields of a shape may refer, by kind."""
    wanted = {REFERS[each] for each in _names(fields_of_shape(shape)) if each in REFERS and each not in _FIXED}
    if looked is None:
        return {}
    return {kind: await entry_page.choices(runtime.db, kind, looked=looked) for kind in sorted(wanted)}


def _names(fields: Iterable[FormField]) -> Iterable[str]:
    for each in fields:
        yield each.name
        yield from _names(each.inside)


def _options(
    words: Catalogue, field: FormField, *, kind: str, listed: Mapping[str, list[Choice]]
) -> list[tuple[str, str]]:
    """Return values and words of what may be chosen in a field; nothing where it is typed."""
    if field.name == "weekday":
        return [(str(number), say(words, day)) for number, day in enumerate(history_text.WEEKDAYS)]
    if field.kind == "whole" and field.name in REFERS:
        several = listed.get(REFERS[field.name], [])
        return [(str(each.number), each.name if each.party else f"{each.name} ({each.number})") for each in several]
    tell: Callable[[str], str] = {
        "line": lambda code: function_of(words, code),
        "channels": lambda code: channel_of(words, code),
    }.get(field.name, lambda code: code_of(words, field.name, code=code))
    if kind == "channels" and field.name == "kind":
        return [(code, channel_of(words, code)) for code in field.options]
    return [(code, tell(code)) for code in field.options]


def _label(words: Catalogue, pointer: str) -> str:
    """Return the name of a field within others: ``Working hours 2, Until``."""
    told: list[str] = []
    for part in pointer.removeprefix("/query").split("/")[1:]:
        if part.isdecimal() and told:
            told[-1] += f" {int(part) + 1}"
        else:
            told.append(history_text.named(words, part))
    return ", ".join(told)


async def _typed(request: Request) -> dict[str, str]:
    """Return what was typed, as people mean it: in UTF-8, with plain ends of lines."""
    return {name: value.replace("\r\n", "\n") for name, value in fields_of(await raw_form(request)).items()}


async def _said(runtime: Runtime, kind: str, *, fields: Mapping[str, str], looked: Looked | None) -> dict[str, Any]:
    """Return what a form says of an entry; whose post a step of a policy calls follows from the post."""
    said = said_in(SHAPES[kind], fields)
    if kind == "policies" and looked is not None:
        posts = await entry_page.choices(runtime.db, "posts", looked=looked)
        whose = {each.number: each.contact_point for each in posts if each.contact_point != said["contact_point_id"]}
        for step in said.get("steps", ()):
            for each in step.get("posts", ()):
                each["contact_point"] = whose.get(each["post"]) if isinstance(each["post"], int) else None
    return said


def _stated(typed: Mapping[str, str]) -> tuple[str | None, tuple[Fault, ...]]:
    """Return why something is done, and what is wrong with that."""
    try:
        return validate(Stated, {"reason": typed.get("reason", "").strip() or None}).reason, ()
    except BadInput as wrong:
        return None, wrong.faults


def _with_row(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed with one more empty row in the list of which more were asked for."""
    place = typed.get("more", "")[:200]
    return {**typed, f"{place}/{rows_in(typed, place)}/": ""} if place else dict(typed)


async def _new_of(runtime: Runtime, request: Request, *, actor: Actor) -> tuple[str, Looked | None, dict[str, str]]:
    """Return of which kind the new entry is to be, below which entry, and what its fixed fields are.

    ``channels-31`` is a new channel of officer 31. Raises `NotFound` where the actor keeps no such entries.
    """
    text = request.path_params["place"]
    if text in ("parties", "contact-points"):
        kind, owner = text.replace("-", "_"), None
    else:
        kind, key = text.rpartition("-")[0].replace("-", "_"), text.rpartition("-")[2]
        names = [name for name in _OWNERS if name in SHAPES.get(kind, Shape).model_fields]
        if kind == "parties" or not names:
            raise NotFound("There is no such entry.")
        owner = names[0]
    if owner is None:
        if not keeps_entries_of(actor, None):
            raise NotFound("There is no such entry.")
        return kind, None, {} if kind == "parties" else {"secretariat": "yes"}
    above, number = entry_named(f"{_OWNERS[owner].replace('_', '-')}-{key}")
    looked = await entry_page.look(runtime.db, above, actor=actor, key=number)
    if not keeps_entries_of(actor, None if kind in OPEN else looked.party) or looked.entry["retired_at"]:
        raise NotFound("There is no such entry.")
    return kind, looked, {owner: str(number)}


async def ask_new(runtime: Runtime, request: Request) -> Response:
    """Show the empty form of an entry."""
    actor = await somebody(runtime, request)
    kind, looked, fixed = await _new_of(runtime, request, actor=actor)
    if kind in FRESH_ENTRIES:
        await somebody(runtime, request, fresh=True)
    typed = typed_of(SHAPES[kind]) | fixed
    return await _page(runtime, request, actor=actor, kind=kind, looked=looked, typed=typed)


async def create(runtime: Runtime, request: Request) -> Response:
    """Keep a new entry."""
    typed, actor = await _typed(request), await somebody(runtime, request)
    kind, looked, fixed = await _new_of(runtime, request, actor=actor)
    if kind in FRESH_ENTRIES:
        await somebody(runtime, request, fresh=True)
    shape = SHAPES[kind]
    fields = compacted(shape, typed) | fixed | {"reason": typed.get("reason", "")}
    again = partial(_page, runtime, request, actor=actor, kind=kind, looked=looked)
    if typed.get("more"):
        return await again(typed=_with_row(fields | {"more": typed["more"]}))
    reason, unstated = _stated(typed)
    try:
        body, faults = judged(shape, await _said(runtime, kind, fields=fields, looked=looked))
        kept = await directory.create(
            *(runtime.db, kind),
            actor=actor,
            body=body,
            now=runtime.now(),
            tools=runtime.tools,
            faults=(*faults, *unstated),
            reason=reason,
            once=True,
        )
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await again(typed=fields, faults=refusal.faults)
    except Conflict as refusal:
        refused(request, refusal)
        return await again(typed=fields, taken=True)
    return _kept(kind, kept)


def _kept(kind: str, kept: directory.Kept) -> Response:
    waits = kept.address_change is not None or kept.entry.get("unapproved_since") is not None
    return _told(kind, kept, said="waits" if waits else "kept")


def _told(kind: str, kept: directory.Kept, *, said: str) -> Response:
    """Lead on to the page of an entry, which tells what was ``said``, and of what its keeper was warned, by codes."""
    doubts = dict.fromkeys(each["code"] for each in kept.warnings if each["code"] != "address_pending")
    more = f"&doubts={','.join(doubts)}" if doubts else ""
    return go(f"{path_of(kind, kept.entry[REGISTERS[kind].key])}?said={said}{more}")


async def _changing(runtime: Runtime, request: Request, *, sent: bool) -> tuple[Actor, str, Key, Looked]:
    """Return who changes which entry. Raises `NotFound` where the actor keeps no such entry, or it is retired.

    Of what somebody has ``sent`` for one that was retired meanwhile nothing is lost.
    """
    actor = await somebody(runtime, request)
    kind, key = entry_in(request)
    looked = await entry_page.look(runtime.db, kind, actor=actor, key=key)
    if not looked.keeps and not (sent and _ended(looked, kind, actor=actor)):
        raise NotFound("There is no such entry.")
    await somebody(runtime, request, fresh=kind in FRESH_ENTRIES)
    return actor, kind, key, looked


def _ended(looked: Looked, kind: str, *, actor: Actor) -> bool:
    """Say whether an entry that the actor would keep is retired."""
    return looked.entry["retired_at"] is not None and keeps_entries_of(actor, None if kind in OPEN else looked.party)


async def ask_change(runtime: Runtime, request: Request) -> Response:
    """Show the form of an entry as it is."""
    actor, kind, key, looked = await _changing(runtime, request, sent=False)
    typed = typed_of(SHAPES[kind], looked.entry) | {"reason": ""}
    version = str(looked.entry["version"])
    return await _page(runtime, request, actor=actor, kind=kind, looked=looked, typed=typed, key=key, version=version)


async def change(runtime: Runtime, request: Request) -> Response:
    """Replace an entry as it was when its form was opened; who is overtaken sees what was typed and what changed."""
    typed = await _typed(request)
    actor, kind, key, looked = await _changing(runtime, request, sent=True)
    shape, version = SHAPES[kind], typed.get("version", "")
    fixed = {name: value for name, value in typed_of(shape, looked.entry).items() if name in _fixed(kind, new=False)}
    fields = compacted(shape, typed) | fixed | {"reason": typed.get("reason", "")}
    again = partial(_page, runtime, request, actor=actor, kind=kind, looked=looked, key=key)
    if _ended(looked, kind, actor=actor):
        return await again(typed=fields, version=version, ended=True)
    if typed.get("more"):
        fields = _with_row(fields | {"more": typed["more"]})
        return await again(typed=fields, version=version)
    reason, unstated = _stated(typed)
    try:
        body, faults = judged(shape, await _said(runtime, kind, fields=fields, looked=looked))
        kept = await directory.change(
            *(runtime.db, kind),
            actor=actor,
            key=key,
            version=version_in(typed),
            body=body,
            now=runtime.now(),
            tools=runtime.tools,
            faults=(*faults, *unstated),
            reason=reason,
        )
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await again(typed=fields, version=version, faults=refusal.faults)
    except Stale as refusal:
        told = await overtaken(runtime, request, stale=refusal, actor=actor, version=version_in(typed))
        stands = (await directory.read(runtime.db, kind, actor=actor, key=key)).entry
        if _is_own(told, actor=actor) and typed_of(shape, stands) == typed_of(shape, body.model_dump(mode="json")):
            return go(f"{path_of(kind, key)}?said=kept")
        return await again(typed=fields, version=str(told.facts["version"]), stale=told)
    except Conflict as refusal:
        refused(request, refusal)
        return await again(typed=fields, version=version, taken=True)
    return _kept(kind, kept)


def _is_own(stale: Stale, *, actor: Actor) -> bool:
    """Say whether whoever was overtaken has made every change since, as where a form comes twice."""
    since: Any = stale.facts.get("changed_since", ())
    own = (actor.kind, actor.number)
    return bool(since) and all((each["by"]["kind"], each["by"]["key"]) == own for each in since)


async def overtaken(runtime: Runtime, request: Request, *, stale: Stale, actor: Actor, version: int | None) -> Stale:
    """Return the refusal of whoever was overtaken, with what happened to the entry since."""
    refused(request, stale)
    kind, key = entry_in(request)
    words = runtime.tools.words[actor.language]
    return await history.overtaken(runtime.db, kind, key=key, version=version, stale=stale, words=words)


async def retire(runtime: Runtime, request: Request) -> Response:
    """Retire an entry as it was when its page was opened."""
    typed, actor = await _typed(request), await somebody(runtime, request)
    kind, key = entry_in(request)
    looked = await entry_page.look(runtime.db, kind, actor=actor, key=key)
    if _ended(looked, kind, actor=actor):
        return go(f"{path_of(kind, key)}?said=retired")
    if not looked.keeps:
        raise NotFound("There is no such entry.")
    await somebody(runtime, request, fresh=kind in FRESH_ENTRIES | {"officers"})
    reason, unstated = _stated(typed)
    told: dict[str, object]
    try:
        if unstated:
            raise Invalid(unstated)
        kept = await directory.retire(
            *(runtime.db, kind),
            actor=actor,
            key=key,
            version=version_in(typed),
            now=runtime.now(),
            tools=runtime.tools,
            reason=reason,
        )
    except Invalid as refusal:
        refused(request, refusal)
        told = {"faults": [Fault("/reason", each.code, each.detail) for each in refusal.faults]}
    except StillReferredTo as refusal:
        refused(request, refusal)
        words = runtime.tools.words[actor.language]
        relied = refusal.detail if kind == "officers" else relied_of(words, refusal.detail)
        told = {"faults": [Fault("/reason", "still_referred_to", refusal.detail)], "relied": relied}
    except Stale as refusal:
        stale = await overtaken(runtime, request, stale=refusal, actor=actor, version=version_in(typed))
        told = {"since": stale.facts.get("changed_since", ())}
    else:
        return _told(kind, kept, said="retired")
    status = 412 if "since" in told else 409 if "relied" in told else 422
    told |= {"typed": {"reason": typed.get("reason", "")}}
    return shown(runtime, request, actor=actor, kind=kind, looked=looked, status=status, **told)


async def _back(_runtime: Runtime, request: Request) -> Response:
    """Lead from the address of a form that was sent, opened again, to the page of the entry."""
    return go(path_of(*entry_in(request)))


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [
        Route(f"{HERE}/new/{{place}}", ask_new, methods=["GET"]),
        Route(f"{HERE}/new/{{place}}", create, methods=["POST"]),
        Route(f"{HERE}/{{entry}}/change", ask_change, methods=["GET"]),
        Route(f"{HERE}/{{entry}}/change", change, methods=["POST"]),
        Route(f"{HERE}/{{entry}}/retirement", _back, methods=["GET"]),
        Route(f"{HERE}/{{entry}}/retirement", retire, methods=["POST"]),
    ]
