"""How a page is made: the templates, one environment per language, and what a page may load.

No page needs another host, and none but those of an account a cookie; scripts are our own, and each page does without
them, but for passkeys. A page behind a link has its token in its address, so that nothing may keep or pass on the
address: no caches, no referrer, no search engines.
"""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined, meta
from jinja2.bccache import Bucket
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from contactpoints.console.alert_words import words_of_alerts
from contactpoints.rules.console import LANGUAGE_NAMES, clocked, instant, typed
from contactpoints.rules.history_text import author_told
from contactpoints.rules.phrasing import EXERCISE_EVERYWHERE, channel_of, function_of, line_of, times
from contactpoints.rules.sessions import COOKIE
from contactpoints.rules.weaknesses import remedy_of
from contactpoints.rules.wording_alarms import headline_of
from contactpoints.rules.wording_calendars import trouble_of
from contactpoints.rules.wording_faults import fault_of, faults_at
from contactpoints.rules.wording_languages import tongue_of, tongues_of
from contactpoints.rules.wording_refusals import refusal_of
from contactpoints.rules.wording_releasing import reason_of
from contactpoints.rules.wording_request import (
    INSTANTS,
    basis_of,
    called_back,
    came_by,
    code_of,
    in_order,
    kind_of,
    label_of,
    reader_of,
    times_of,
    value_of,
)
from contactpoints.rules.wording_roles import explained, role_of
from contactpoints.rules.wording_trigger import (
    cited,
    condition_of,
    instrument_of,
    labels_of,
    offer_of,
    part_of,
    skipped_of,
    unusable,
    warning_of,
    where_of,
)
from contactpoints.rules.wording_warnings import doubt_of
from contactpoints.runtime import Runtime
from contactpoints.words import LANGUAGES, catalogues
from schemas.forms import rows

LEFT_IN = "language"
"""The cookie of the language in which somebody signed out; it says nothing else, and goes with the browser."""
_LONG = 10_000
"""From how many bytes on a page is compressed."""
STATIC = Path(__file__).with_name("static")
_MEDIA = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
}
"""What a page may load and where its forms may go; see `api/strict_headers` for what else every answer is told."""
_SCRIPTED = {"Content-Security-Policy": f"{HEADERS['Content-Security-Policy']}; script-src 'self'; connect-src 'self'"}


@cache
def _files() -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in STATIC.iterdir() if path.suffix in _MEDIA}


@cache
def address_of_file(name: str) -> str:
    """Return the address of a style, picture or script of ours: another one whenever the file is. Raises `KeyError`."""
    return f"/static/{name}?{hashlib.sha256(_files()[name]).hexdigest()[:12]}"


class _Compiled(BytecodeCache):
    """What templates were made into: once for all languages, whose words are looked up when a page is made."""

    def __init__(self) -> None:
        self._made: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Hand out what is known."""
        if (made := self._made.get(bucket.key)) is not None:
            bucket.bytecode_from_string(made)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was made."""
        self._made[bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


_IN_EVERY_LANGUAGE: Mapping[str, object] = {
    "times": times,
    "instants_asked": INSTANTS,
    "in_order": in_order,
    "rows": rows,
    "exercise_mark": EXERCISE_EVERYWHERE,
    "file": address_of_file,
    "clocked": clocked,
    "instant_of": instant,
    "typed_in": typed,
    "faults_at": faults_at,
    "languages": LANGUAGE_NAMES,
    "language_named": dict(LANGUAGE_NAMES).__getitem__,
}


_loader = PackageLoader("contactpoints", "console/templates")


@cache
def _environment(language: str) -> Environment:
    words = catalogues()[language]

    def say(sentence: str) -> str:
        return words.get(sentence, sentence)

    def say_many(one: str, many: str, count: int) -> str:
        return say(one if count == 1 else many)

    made = Environment(
        loader=_loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=_compiled,
    )
    made.install_gettext_callables(say, say_many, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    made.globals |= {
        **_IN_EVERY_LANGUAGE,
        "language": language,
        "function_of": lambda line: function_of(words, line),
        "line_of": partial(line_of, words),
        "channel_of": lambda kind: channel_of(words, kind),
        "basis_of": partial(basis_of, words),
        "kind_of": partial(kind_of, words),
        "label_of": partial(label_of, words),
        "reader_of": partial(reader_of, words),
        "came_by": partial(came_by, words),
        "called_back": partial(called_back, words),
        "reason_of": partial(reason_of, words),
        "tongue_of": partial(tongue_of, words),
        "tongues_of": partial(tongues_of, words),
        "times_of": partial(times_of, words),
        "value_of": partial(value_of, words),
        "code_of": partial(code_of, words),
        "cited": partial(cited, words),
        "condition_of": partial(condition_of, words),
        "instrument_of": partial(instrument_of, words),
        "offer_of": partial(offer_of, words),
        "part_of": partial(part_of, words),
        "skipped_of": partial(skipped_of, words),
        "trouble_of": partial(trouble_of, words),
        "unusable": partial(unusable, words),
        "warning_of": partial(warning_of, words),
        "labels_of": partial(labels_of, words),
        "where_of": partial(where_of, words),
        "fault_of": partial(fault_of, words),
        "doubt_of": partial(doubt_of, words),
        "remedy_of": partial(remedy_of, words),
        "refusal_of": partial(refusal_of, words),
        **words_of_alerts(words),
        "role_of": partial(role_of, words),
        "explained": partial(explained, words),
        "headline_of": partial(headline_of, words),
        "author_of": partial(author_told, words),
    }
    return made


def page(
    template: str,
    /,
    *,
    language: str,
    status: int = 200,
    rehearsal: bool = False,
    scripted: bool = False,
    demo: bool = False,
    pace: float = 1.0,
    **fields: object,
) -> Response:
    """Return a page in a language, with every header; that of a ``rehearsal`` says so on top.

    ``demo``: whoever looks plays an invented person. ``pace``: how much faster its calls are made.
    ``scripted``: the page may load scripts of ours, and those may ask the service, and no other, for what they need.
    """
    words = (
        _environment(language)
        .get_template(template)
        .render(rehearsal=rehearsal, scripted=scripted, demo=demo, pace=pace, **fields)
    )
    headers = _SCRIPTED if scripted else HEADERS
    return HTMLResponse(words, status_code=status, headers={**headers, "Content-Language": language})


def compile_templates(*names: str) -> None:
    """Make ready what pages are written by, and what those are made of, in each language."""
    wanted = list(names)
    for name in wanted:
        source, _, _ = _loader.get_source(_environment(LANGUAGES[0]), name)
        parts = meta.find_referenced_templates(_environment(LANGUAGES[0]).parse(source))
        wanted += [each for each in parts if each and each not in wanted]
    for language in LANGUAGES:
        for name in wanted:
            _environment(language).get_template(name)


def fragment(template: str, /, *, language: str, **fields: object) -> str:
    """Return a part of a page in a language, as markup: to be kept, and set into pages as it is."""
    return _environment(language).get_template(template).render(**fields)


def macro(template: str, name: str, /, *, language: str, **fields: object) -> Callable[..., str]:
    """Return a macro of a template in a language, as a page with these fields has it. Raises `AttributeError`."""
    written: Callable[..., str] = getattr(_environment(language).get_template(template).make_module(fields), name)
    return written


async def packed(runtime: Runtime, request: Request, *, answer: Response) -> Response:
    """Return a long page compressed, for browsers that take it so.

    Only for a page that repeats nothing of what was asked for in free words: its length would tell whoever chooses
    those, and listens, what else stands on it.
    """
    if "gzip" in request.headers.get("Accept-Encoding", "") and len(answer.body) > _LONG:
        answer.body = await runtime.tools.threads.short(gzip.compress, bytes(answer.body), 5, mtime=0)
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Content-Length"] = str(len(answer.body))
    answer.headers["Vary"] = "Accept-Encoding"
    return answer


def language_of(request: Request) -> str:
    """Return the language of whoever signed out in this browser, or the first that it asks for and we have.

    For readers we do not know.
    """
    if (left := request.cookies.get(LEFT_IN, "")) in LANGUAGES:
        return left
    for each in request.headers.get("Accept-Language", "")[:200].split(","):
        wanted = each.partition(";")[0].strip()[:2].lower()
        if wanted in LANGUAGES:
            return wanted
    return "en"


async def static(_runtime: Runtime, request: Request) -> Response:
    """Return a style, a picture or a script of ours; there is no other kind of file."""
    name = request.path_params["name"]
    if name not in _files():
        return nothing_here(request)
    kept = {"Cache-Control": "public, max-age=86400"}
    return Response(_files()[name], media_type=_MEDIA[Path(name).suffix], headers=kept)


def nothing_here(request: Request) -> Response:
    """Return the page for an address that is none, or a link that is known no more; it tells nothing.

    One of an invitation tells where those sign in who have accepted theirs; a browser that holds a session, whose or
    of what worth nobody has looked, is led back to the board.
    """
    invitation = request.url.path.startswith("/invitation/")
    held = COOKIE["key"] in request.cookies
    return page("nothing_here.html", language=language_of(request), status=404, invitation=invitation, held=held)
