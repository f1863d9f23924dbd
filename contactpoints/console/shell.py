"""The pages of whoever has signed in: the bar above all of them, by whose clocks they tell times, and what is kept.

What somebody typed is not lost by a session that ended meanwhile, nor by a second factor that is too old: it comes back
on a page from which it can be sent again, and stands nowhere else.
"""

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from contactpoints.console.forms import raw_form
from contactpoints.console.rendering import language_of, page
from contactpoints.rules.access import Actor
from contactpoints.rules.console import sections_of, zone_or_utc
from contactpoints.rules.refusals import Refusal
from contactpoints.runtime import Runtime

ZONE = "zone"
"""The cookie in which a browser tells its IANA zone; it opens nothing."""
_NEVER_SHOWN = frozenset(
    {"password", "old_password", "code", "pin", "declining_pin", "again", "credential", "token"}
    | {"reply_code", "declining_code"}
)
# In the directory it is a field of an entry.
_SHOWN_IN_DIRECTORY = frozenset({"code"})
_MOST_FIELDS = 2_000


def zone_of(request: Request) -> str:
    """Return the IANA zone of whoever looks, as their browser or they themselves said; UTC where nobody did."""
    return zone_or_utc(request.cookies.get(ZONE, "").replace("%2F", "/"))


def desk(
    runtime: Runtime,
    request: Request,
    *,
    template: str,
    actor: Actor,
    here: str,
    status: int = 200,
    **fields: object,
) -> Response:
    """Return a page of the console, for whoever has signed in.

    ``here``: the name of its section (see `rules.console.sections_of`), "" for none. A template finds ``actor``,
    ``zone``, ``now`` and ``sections`` beside its own ``fields``.
    """
    return page(
        template,
        language=actor.language,
        status=status,
        rehearsal=runtime.settings.rehearsal,
        demo=runtime.settings.demo,
        pace=runtime.settings.time_scale,
        scripted=True,
        actor=actor,
        here=here,
        zone=zone_of(request),
        now=runtime.now(),
        sections=sections_of(actor),
        **fields,
    )


async def held(request: Request, *, why: str, status: int = 403, refusal: Refusal | None = None) -> Response | None:
    """Return a page that holds what was sent, to be sent again; None where there is nothing that may be shown.

    ``why``: ``session`` where nobody is signed in any more, ``fresh`` where a second factor is wanted, ``away`` where
    the service could not answer, ``too_many`` where too much was asked for (``refusal`` says until when), ``drafts``
    where no other draft has room. Only what a page of ours sent comes to this, see `session.must_be_meant`.
    """
    form: str | None = getattr(request.state, "form", None)
    kept = parse_qsl(await raw_form(request) if form is None else form, keep_blank_values=True)
    path = request.url.path
    secret = _NEVER_SHOWN - (_SHOWN_IN_DIRECTORY if path.startswith("/directory/") else frozenset())
    if not kept or len(kept) > _MOST_FIELDS or any(name in secret for name, _ in kept):
        return None
    signed_in = getattr(request.state, "signed_in", None)
    language = language_of(request) if signed_in is None else signed_in[1].language
    return page("held.html", language=language, status=status, why=why, path=path, kept=kept, refusal=refusal)
