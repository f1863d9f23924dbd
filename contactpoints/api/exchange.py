"""The directory as a file, for machines and for whoever keeps it in a spreadsheet: written out, and read in."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contactpoints.actions import auditing, exporting
from contactpoints.actions.importing import How, bring_in, must_import
from contactpoints.actions.importing_files import ZIP, read_file, unknown_kind
from contactpoints.api.bodies import body
from contactpoints.api.identity import caller
from contactpoints.api.queries import header, query, wanted
from contactpoints.rules.refusals import Conflict, Invalid
from contactpoints.runtime import Runtime
from schemas.exchange import (
    MOST_BYTES,
    SHAPES,
    ExportOut,
    ExportQuery,
    ImportOut,
    ImportQuery,
)
from schemas.openapi import Operation, Parameter

_FORMS = {"json": "application/json", "csv": "text/csv"}
_KIND = Parameter(
    "kind", "Only this kind of entries; with CSV one table instead of a zip file.", "query", schema={"enum": [*SHAPES]}
)
_PARTY = Parameter("party", "Only what this Party keeps.", "query")
_TRUTH = {"type": "string", "enum": ["true", "false"]}

EXPORT = Operation(
    "get",
    "/v1/export",
    "Write the directory and the rosters out as a file",
    "export_directory",
    "files",
    responses={200: ExportOut},
    problems=(403, 422),
    parameters=(
        Parameter("format", "Instead of the Accept header.", "query", schema={"enum": [*_FORMS]}),
        _PARTY,
        _KIND,
        Parameter("separator", "Of the cells of a table.", "query", schema={"enum": ["comma", "semicolon"]}),
    ),
    roles=("contact_point", "administrator", "secretariat", "auditor"),
    media=("application/json", "text/csv", ZIP),
    description=(
        "Everything that the key's Party keeps; for the secretariat and auditors everything. The same directory gives "
        "the same bytes. CSV is UTF-8 with a byte order mark, a table for each kind of entries in a zip file; no cell "
        "is a formula: an apostrophe stands before what could be one, and is taken away when the file is read in. "
        "No PIN, no API key and no proof of a channel is in it."
    ),
)
IMPORT = Operation(
    "post",
    "/v1/import",
    "Read the directory and the rosters in from a file; a rehearsal unless `dry_run=false`",
    "import_directory",
    "files",
    request=ExportOut,
    media_in=("text/csv", ZIP),
    responses={200: ImportOut},
    step_up=True,
    problems=(400, 403, 409, 413, 415, 422),
    parameters=(
        Parameter("dry_run", "`false` keeps what is read in; otherwise it is only told.", "query", schema=_TRUTH),
        Parameter(
            "missing",
            "`retire` retires entries that the file lacks, of the kinds that it has.",
            "query",
            schema={"enum": ["keep", "retire"]},
        ),
        _PARTY,
        Parameter("kind", "Which kind of entries a CSV file holds.", "query", schema={"enum": [*SHAPES]}),
        Parameter(
            "reason",
            "Why; needed where it leaves a minute uncovered, in 90 days from now or from where it is felt.",
            "query",
        ),
        Parameter("restore", "`true` keeps the numbers of another installation.", "query", schema=_TRUTH),
    ),
    roles=("administrator", "secretariat"),
    examples={
        "an officer and a telephone": {
            "format": "contactpoints/1",
            "officers": [{"key": "ana", "contact_point_id": 1, "name": "Ana Example", "function": "Duty officer"}],
            "channels": [{"officer_id": "ana", "kind": "sms", "address": "+12025550143"}],
        }
    },
    description=(
        "JSON, one table as `text/csv`, or several as a zip file. All of it or nothing. A row that was written out has "
        "its `id` and `version`; where the entry is at another version by now, the row is named and nothing is kept. A "
        "new row has neither; others may refer to it by its `key`. A field that is left out stays as it is.\n\n"
        "Each fault is told with its place: a JSON pointer, or `/officers.csv/14/name` and a sentence with line and "
        f"column. At most {MOST_BYTES} bytes."
    ),
)


async def export(runtime: Runtime, request: Request) -> Response:
    """Write the directory out."""
    actor = await caller(runtime, request)
    asked = query(request, ExportQuery)
    if asked.kind is not None and asked.kind not in SHAPES:
        raise Invalid([unknown_kind()])
    whose = exporting.must_export(actor, asked.party)
    await auditing.note(runtime.db, now=runtime.now(), told={"party": whose, "kind": asked.kind})
    name = f"contactpoints-{whose or 'all'}"
    if wanted(request, _FORMS) == "json":
        made = await exporting.as_json(runtime.db, actor=actor, party=asked.party, kind=asked.kind)
        return _file(made, f"{name}.json", media="application/json")
    if asked.kind is not None:
        made = await exporting.as_csv(
            runtime.db, actor=actor, party=asked.party, kind=asked.kind, separator=asked.separator
        )
        return _file(made, f"{name}-{asked.kind}.csv", media="text/csv; charset=utf-8; header=present")
    made = await exporting.as_tables(runtime.db, actor=actor, party=asked.party, separator=asked.separator)
    return _file(made, f"{name}.zip", media=ZIP)


def _file(made: bytes, name: str, *, media: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Vary": "Accept"}
    return Response(made, media_type=media, headers=headers)


async def bring(runtime: Runtime, request: Request) -> Response:
    """Read a file in. One at a time in this application: so no more than one is held in memory."""
    actor = await caller(runtime, request)
    asked = query(request, ImportQuery)
    how = How(
        actor.who,
        dry_run=asked.dry_run == "true",
        retire_missing=asked.missing == "retire",
        restore=asked.restore == "true",
        party=asked.party,
        reason=asked.reason,
    )
    must_import(actor, how)
    gate: asyncio.Lock = request.app.state.importing
    if gate.locked():
        raise Conflict("Another file is being read in; try again when that is done.")
    async with gate:
        media = header(request, "Content-Type").partition(";")[0].strip().lower()
        raw = await body(request)
        rows, faults = await runtime.tools.threads.long(read_file, raw, media, kind=asked.kind)
        told = await bring_in(
            runtime.db, rows, faults=faults, actor=actor, how=how, now=runtime.now(), tools=runtime.tools
        )
    if how.dry_run:
        counted = {"party": asked.party, "counts": told["counts"]}
        await auditing.note(runtime.db, now=runtime.now(), told=counted, outcome="rehearsed")
    return JSONResponse(told)


def routes() -> list[Route]:
    """Return the routes of the directory as a file."""
    return [
        Route(EXPORT.path, export, methods=["GET"]),
        Route(IMPORT.path, bring, methods=["POST"]),
    ]
