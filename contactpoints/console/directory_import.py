"""A file of the directory on a page: looked at first, with what it would do, and then read in, the very same file.

The file travels in the form from the one step to the other, packed, and is kept nowhere else. What would happen is
told for one revision of the directory: at another, as after a second press, nothing is read in, and all is told anew.
"""

import asyncio
import base64
import binascii
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import auditing, history
from contactpoints.actions.importing import How, bring_in, must_import, revision_of
from contactpoints.actions.importing_files import ZIP, read_file
from contactpoints.console.directory import HERE, in_words, path_of
from contactpoints.console.forms import fields_of, raw_form, shaped, whole
from contactpoints.console.session import go, refused, somebody
from contactpoints.console.shell import desk
from contactpoints.rules import history_text
from contactpoints.rules.access import Actor, restores, sees_network
from contactpoints.rules.cover_text import Uncovered, uncovered_in
from contactpoints.rules.history_text import Names
from contactpoints.rules.phrasing import Catalogue
from contactpoints.rules.refusals import Conflict, Invalid, NotAuthenticated, NotFound, Stale
from contactpoints.rules.wording_directory import KINDS, several_of, title_of
from contactpoints.rules.wording_faults import fault_of, is_vague
from contactpoints.rules.wording_warnings import doubt_of
from contactpoints.runtime import Runtime
from schemas.exchange import MOST_BYTES, SHAPES, ImportOut, ImportQuery, Row, RowOut, needed_of
from schemas.faults import BadInput, Fault
from schemas.reading import MOST_BYTES as USUAL

_PATH = f"{HERE}/import"
_MOST_SHOWN, _MOST_WARNINGS = 200, 20
_MOST_FIELDS, _MOST_SENT = 50, 2 * MOST_BYTES + USUAL
_KEPT = ("kind", "missing", "restore", "party", "reason", "act", "seen", "asked", "name")
# Seconds: most files are read in within them.
_PATIENCE = 10.0
_PLACE = re.compile(r"/([a-z_]+)(?:\.csv)?(?:/(\d+))?(?:/(.*))?")
_CELL = re.compile(r"Line (\d+)(?:, column ([A-Z]+))?(?: \([^)]*\))?(?::|, ?)? ?")


@dataclass(frozen=True, slots=True)
class _Sent:
    """What was sent: a file, whether it was chosen just now, and how it shall be read in."""

    raw: bytes = b""
    packed: str = ""
    fresh: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What came of looking at a file."""

    told: ImportOut | None = None
    rows: Sequence[Row] = ()
    faults: Sequence[Fault] = ()
    revision: int = 0
    said: str = ""
    status: int = 200


async def show(runtime: Runtime, request: Request) -> Response:
    """Ask for a file."""
    actor = await somebody(runtime, request)
    must_import(actor, How(actor.who))
    await somebody(runtime, request, fresh=True)
    said = request.query_params.get("said", "")
    return await _page(runtime, request, actor=actor, sent=_Sent(), seen=_Seen(said=said))


async def bring(runtime: Runtime, request: Request) -> Response:
    """Tell what a file would do; or read it in, where that was looked at. One file at a time, as at the API."""
    actor = await _somebody(runtime, request)
    must_import(actor, How(actor.who))
    gate: asyncio.Lock = request.app.state.importing
    if not await _turn(gate):
        return await _busy(runtime, request, actor=actor)
    try:
        sent = await _sent(runtime, request)
        # Whoever sends a large file slowly may have been shut out meanwhile.
        actor = await somebody(runtime, request, fresh=True)
        seen = await _read(runtime, request, actor=actor, sent=sent)
    finally:
        gate.release()
    if seen is None:
        return go(f"{_PATH}?said=imported")
    return await _page(runtime, request, actor=actor, sent=sent, seen=seen)


async def _turn(gate: asyncio.Lock) -> bool:
    """Wait for a while until no other file is held in memory, with this one still at the browser."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await gate.acquire()
    except TimeoutError:
        return False


async def _busy(runtime: Runtime, request: Request, *, actor: Actor) -> Response:
    """Say that it was not the turn of this file. One as long as any form is kept; of another none of it is."""
    small = _is_small(request)
    sent = await _form(runtime, request) if small else _Sent()
    if not small:
        # Browsers show no answer that comes before they have sent all.
        async for _ in request.stream():
            pass
    return await _page(runtime, request, actor=actor, sent=sent, seen=_Seen(said="busy", status=409))


async def _sent(runtime: Runtime, request: Request) -> _Sent:
    """Return what was sent, with a file that was looked at before unpacked."""
    sent = await _form(runtime, request)
    return sent if sent.fresh else replace(sent, raw=await runtime.tools.threads.long(_unpacked, sent.packed))


async def _form(runtime: Runtime, request: Request) -> _Sent:
    """Return what was sent, and let it come back from the page that holds what was typed, see `shell.held`."""
    if not request.headers.get("Content-Type", "").lower().startswith("multipart/form-data"):
        fields = fields_of(await raw_form(request))
        return _Sent(packed=fields.get("kept", ""), typed=_known(fields))
    parts = await _parts(request)
    typed = {name: said for name, said in parts.items() if isinstance(said, str)}
    packed, chosen = typed.pop("kept", ""), parts.get("file")
    raw = await chosen.read() if isinstance(chosen, UploadFile) else b""
    await parts.close()
    if isinstance(chosen, UploadFile) and (chosen.filename or raw):
        packed = await runtime.tools.threads.long(_packed, raw)
        sent = _Sent(raw, packed, True, _known(typed | {"name": (chosen.filename or "")[-100:]}))
    else:
        sent = _Sent(packed=packed, typed=_known(typed))
    again = dict(sent.typed) | ({"act": "look"} if sent.fresh else {})
    request.state.form = urlencode(again | {"kept": sent.packed}) if sent.packed else ""
    return sent


async def _parts(request: Request) -> FormData:
    """Return the parts of a form with a file in it (RFC 7578); what is no such form has none."""
    parser = MultiPartParser(
        request.headers, request.stream(), max_files=1, max_fields=_MOST_FIELDS, max_part_size=_MOST_SENT
    )
    # What is smaller stays in memory: nothing of a directory lies on a disk on its way in.
    parser.spool_max_size = _MOST_SENT
    try:
        return await parser.parse()
    except MultiPartException:
        return FormData()


async def _somebody(runtime: Runtime, request: Request) -> Actor:
    """Return who has signed in. Of whoever has not, or no more, no more is read than in any other form."""
    try:
        return await somebody(runtime, request)
    except NotAuthenticated:
        request.state.form = ""
        if _is_small(request):
            await _form(runtime, request)
        raise


def _is_small(request: Request) -> bool:
    """Say whether no more was sent than in any other form."""
    length = request.headers.get("Content-Length", "")
    return length.isascii() and length.isdecimal() and len(length) < 10 and int(length) <= USUAL


def _known(typed: Mapping[str, str]) -> dict[str, str]:
    return {name: typed[name].strip()[:200] for name in _KEPT if name in typed}


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(raw)).decode()


def _unpacked(packed: str) -> bytes:
    """Return a file that was packed; nothing for what is none, or unpacks to more than a file may have."""
    try:
        unpacking = zlib.decompressobj()
        raw = unpacking.decompress(base64.urlsafe_b64decode(packed), MOST_BYTES)
    except (zlib.error, binascii.Error, ValueError):
        return b""
    return raw if unpacking.eof else b""


async def _read(runtime: Runtime, request: Request, *, actor: Actor, sent: _Sent) -> _Seen | None:
    """Return what a file would do, or what is wrong with it; None once it is read in."""
    typed, revision = sent.typed, await revision_of(runtime.db)
    wants = typed.get("act") == "bring" and not sent.fresh
    if not sent.raw:
        return _Seen(faults=[Fault("/file", "missing", "No file was sent, or an empty one.")], status=422)
    # What was looked at is done, and nothing else.
    publishes = wants and typed.get("asked") == _asked(typed)
    try:
        how = _how(actor, sent, looked=_revision(typed) if publishes else None)
        must_import(actor, how)
        media, kind = _media(sent)
        rows, faults = await runtime.tools.threads.long(read_file, sent.raw, media, kind=kind)
        bring = partial(bring_in, runtime.db, rows, faults=faults, actor=actor, now=runtime.now(), tools=runtime.tools)
        try:
            told = await bring(how=how)
        except Stale as refusal:
            refused(request, refusal)
            told = await bring(how=replace(how, dry_run=True, revision=None))
            return _Seen(told, rows, revision=revision, said="changed", status=409)
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        there = [Fault(each.pointer.removeprefix("/query"), each.code, each.detail) for each in refusal.faults]
        return _Seen(faults=there, status=422)
    except NotFound as refusal:
        refused(request, refusal)
        return _Seen(faults=[Fault("/party", "unknown_party", refusal.detail)], status=422)
    except Conflict as refusal:
        refused(request, refusal)
        return _Seen(said="busy" if "being read" in refusal.detail else "twice", status=409)
    if publishes:
        return None
    counted = {"party": how.party, "counts": told["counts"]}
    await auditing.note(runtime.db, now=runtime.now(), told=counted, outcome="rehearsed")
    if wants:
        return _Seen(told, rows, revision=revision, said="otherwise", status=409)
    return _Seen(told, rows, revision=revision)


def _asked(typed: Mapping[str, str]) -> str:
    """Return in which way a file is read in, in one word: what it would do depends on it."""
    return "-".join(typed.get(name, "").upper() for name in ("kind", "party", "missing", "restore"))


def _how(actor: Actor, sent: _Sent, *, looked: int | None) -> How:
    typed = sent.typed
    asked = shaped(
        ImportQuery,
        missing="retire" if typed.get("missing") else "keep",
        restore="true" if typed.get("restore") else "false",
        party=typed.get("party", "").upper() or None,
        reason=typed.get("reason") or None,
    )
    return How(
        actor.who,
        dry_run=looked is None,
        retire_missing=asked.missing == "retire",
        restore=asked.restore == "true",
        party=asked.party,
        reason=asked.reason,
        revision=looked,
    )


def _revision(typed: Mapping[str, str]) -> int:
    """Return for which revision of the directory somebody looked; -1, at which it never is, for what is none."""
    seen = whole(typed.get("seen", ""))
    return seen if isinstance(seen, int) else -1


def _media(sent: _Sent) -> tuple[str, str | None]:
    """Return as what a file is read, by how it begins, and which kind of entries a table holds."""
    if sent.raw.startswith(b"PK\x03\x04"):
        return ZIP, None
    stem, _, ending = sent.typed.get("name", "").rpartition(".")
    if ending.lower() != "csv" and not sent.typed.get("kind"):
        return "application/json", None
    chosen = sent.typed.get("kind") or stem.rpartition("-")[2]
    return "text/csv", chosen if chosen in SHAPES else None


async def _page(runtime: Runtime, request: Request, *, actor: Actor, sent: _Sent, seen: _Seen) -> Response:
    words = runtime.tools.words[actor.language]
    by_place = {row.place: row for row in seen.rows}
    told = () if seen.told is None else seen.told["warnings"][:_MOST_WARNINGS]
    warnings = [_warning(words, Fault(**each)) for each in told]
    names = await _names(runtime, seen, told=[each["uncovered"] for each in warnings])
    in_form = [each for each in seen.faults if each.pointer[1:] in ("file", "kind", "party", "reason")]
    return desk(
        runtime,
        request,
        template="directory_import.html",
        actor=actor,
        here="directory",
        status=seen.status,
        typed=sent.typed,
        kept=sent.packed,
        said=seen.said,
        faults=in_form,
        of_file=[_where(words, each) for each in seen.faults if each not in in_form],
        told=seen.told,
        changes=[_change(words, each, row=by_place.get(each["place"] or ""), names=names) for each in _few(seen.told)],
        warnings=warnings,
        posts={number: name for (kind, number), name in names.items() if kind == "posts"},
        officers={number: name for (kind, number), name in names.items() if kind == "officers"},
        hidden=0 if seen.told is None else seen.told["untold"] + max(0, len(seen.told["rows"]) - _MOST_SHOWN),
        seen=seen.revision,
        way=_asked(sent.typed),
        several_of=lambda kind: several_of(words, kind),
        sorts=[(kind, several_of(words, kind)) for kind in SHAPES],
        columns=[(several_of(words, kind), kind, *needed_of(kind)) for kind in SHAPES],
        whole=sees_network(actor),
        restores=restores(actor),
        **in_words(words),
    )


def _few(told: ImportOut | None) -> Sequence[RowOut]:
    return () if told is None else told["rows"][:_MOST_SHOWN]


async def _names(runtime: Runtime, seen: _Seen, *, told: Sequence[Uncovered | None]) -> Names:
    """Return what that is called to which what is told refers; of what is only tried it is called so in the file."""
    there: list[dict[str, Any]] = [
        {each["field"]: [each["before"], each["after"]]} for row in _few(seen.told) for each in row.get("fields", ())
    ]
    there += [{"post_id": each.post, "officer_id": list(each.officers)} for each in told if each]
    known = await history.names_in(runtime.db, there)
    by_place = {row.place: row.fields for row in seen.rows}
    new = [(each["kind"], each["id"], by_place.get(each["place"] or "", {})) for each in _few(seen.told)]
    called = {
        (kind, number): fields.get("name") or fields.get("function")
        for kind, number, fields in new
        if isinstance(number, int)
    }
    return {(kind, int(number)): str(name) for (kind, number), name in called.items() if name} | dict(known)


def _warning(words: Catalogue, told: Fault) -> dict[str, Any]:
    """Return what a file makes doubtful, in words: where it stands in the file, or what is left without cover."""
    doubt = doubt_of(words, {"code": told.code, "detail": told.detail})
    return _where(words, told) | {"uncovered": uncovered_in(words, told.detail), "doubt": doubt}


def _where(words: Catalogue, fault: Fault) -> dict[str, str]:
    """Return where in a file something is wrong: kind, line and column, or which entry of the list; field; and what.

    ``detail``: more of it in English, where no sentence of the reader's language says which form is needed.
    """
    place, cell = _PLACE.fullmatch(fault.pointer), _CELL.match(fault.detail)
    bare = replace(fault, detail=fault.detail[cell.end() :] if cell else fault.detail)
    told = {
        "line": cell[1] if cell else "",
        "said": fault_of(words, bare, listed=True),
        "detail": bare.detail if is_vague(words, bare) else "",
    }
    if place is None or place[1] not in SHAPES:
        return told | {"kind": "", "column": "", "entry": "", "field": fault.pointer}
    number, name = place[2] or "", (place[3] or "").partition("/")[0]
    return told | {
        "kind": several_of(words, place[1]),
        "column": (cell[2] or "") if cell else "",
        "entry": "" if cell or not number else str(int(number) + 1),
        "field": history_text.named(words, name) if name else "",
    }


def _change(words: Catalogue, told: RowOut, *, row: Row | None, names: Names) -> dict[str, Any]:
    """Return what would become of one entry, in words."""
    kind, number = told["kind"], told["id"]
    return {
        "act": told["act"],
        "kind": several_of(words, kind),
        "path": path_of(kind, number) if number is not None and kind in KINDS and told["act"] != "added" else "",
        "title": _title(words, kind, row=row) or str(number or told.get("key", "")),
        "fields": [
            (
                history_text.named(words, each["field"]),
                history_text.valued(words, each["field"], value=each["before"], names=names),
                history_text.valued(words, each["field"], value=each["after"], names=names),
            )
            for each in told.get("fields", ())
        ],
    }


def _title(words: Catalogue, kind: str, *, row: Row | None) -> str:
    """Return what an entry is called in a file, as far as the file says it."""
    if row is None:
        return ""
    try:
        return title_of(words, kind, entry=row.fields)
    except KeyError:
        hours = [str(row.fields[name]) for name in ("starts_at", "ends_at") if row.fields.get(name)]
        return row.key or " - ".join(hours)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    return [Route(_PATH, show, methods=["GET"]), Route(_PATH, bring, methods=["POST"])]
