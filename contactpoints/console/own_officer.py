"""The parts of the own account that are about oneself: language and zone, and an officer's languages, notices, PIN."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contactpoints.actions import own_account, own_officer
from contactpoints.actions.access import pin_faults
from contactpoints.console.account import HERE, Told, shown
from contactpoints.console.forms import fields_of, pin_told, raw_form, shaped, version_in, whole
from contactpoints.console.session import go, refused, somebody
from contactpoints.console.shell import ZONE
from contactpoints.rules.console import zone_or_utc
from contactpoints.rules.refusals import Forbidden, Invalid, Stale
from contactpoints.runtime import Runtime
from schemas.accounts import OwnPlace
from schemas.faults import BadInput, Fault
from schemas.own_officer import NewPin, OwnLanguages

_A_YEAR = 31_536_000
_LONGEST_NUMBER = 15


async def set_place(runtime: Runtime, request: Request) -> Response:
    """Take another language for the account, and another zone for this browser."""
    fields = fields_of(await raw_form(request))
    actor = await somebody(runtime, request)
    zone = fields.get("zone", "").strip()
    try:
        said = shaped(OwnPlace, language=fields.get("language", ""), zone=zone)
        if zone_or_utc(zone) != zone:
            raise Invalid([Fault("/zone", "unknown_zone", "There is no such time zone in the IANA database.")])
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        return await shown(runtime, request, actor=actor, told=Told(faults=refusal.faults, typed=fields))
    await own_account.set_language(runtime.db, said.language, actor=actor)
    answer = go(f"{HERE}?done=place")
    # As the browser's own script writes it, which looks whether it is there.
    secure = runtime.settings.public_url.startswith("https:")
    answer.set_cookie(ZONE, zone.replace("/", "%2F"), max_age=_A_YEAR, samesite="lax", secure=secure)
    return answer


async def set_languages(runtime: Runtime, request: Request) -> Response:
    """Take the languages of an officer, and how notices come."""
    fields = fields_of(await raw_form(request))
    actor = await somebody(runtime, request)
    spoken = [each.strip() for each in fields.get("languages", "").split(",") if each.strip()]
    minutes = fields.get("notices_minutes", "")[:_LONGEST_NUMBER]
    try:
        said = shaped(
            OwnLanguages,
            language=fields.get("officer_language", ""),
            languages=spoken,
            notices_by=fields.get("notices_by") or None,
            notices_minutes=whole(minutes) if minutes else None,
        )
        await own_officer.set_languages(runtime.db, said, actor=actor, version=version_in(fields), now=runtime.now())
    except BadInput as refusal:
        refused(request, refusal)
        faults = [Fault(_place(each.pointer), each.code, each.detail) for each in refusal.faults]
        return await shown(runtime, request, actor=actor, told=Told(faults=faults, typed=fields))
    except Stale as refusal:
        refused(request, refusal)
        stands = await own_officer.read(runtime.db, actor=actor)
        if all(stands[name] == value for name, value in said.model_dump(mode="json").items()):
            return go(f"{HERE}?done=languages")
        return await shown(runtime, request, actor=actor, told=Told(stale=True, typed=fields))
    return go(f"{HERE}?done=languages")


async def set_pin(runtime: Runtime, request: Request) -> Response:
    """Take another PIN for an officer, typed twice."""
    fields = fields_of(await raw_form(request))
    actor = await somebody(runtime, request, fresh=True)
    pin, again = fields.get("pin", ""), fields.get("again", "")
    differs = [] if pin == again else [Fault("/again", "differs", "The two PINs are not the same.")]
    try:
        said = shaped(NewPin, pin=pin)
        if wrong := [*pin_faults(said.pin), *differs]:
            raise Invalid(wrong)
        await own_officer.set_pin(runtime.db, said.pin, actor=actor, now=runtime.now(), tools=runtime.tools)
    except (Invalid, BadInput) as refusal:
        refused(request, refusal)
        told = pin_told(refusal.faults)
        faults = told if isinstance(refusal, Invalid) else [*told, *differs]
        return await shown(runtime, request, actor=actor, told=Told(faults=faults))
    except Forbidden as refusal:
        refused(request, refusal)
        return await shown(runtime, request, actor=actor, told=Told(said="mailbox"))
    return go(f"{HERE}?done=pin")


def _place(pointer: str) -> str:
    """Return at which field of the form a fault of the shape is told."""
    name = pointer.split("/")[1]
    return "/officer_language" if name == "language" else f"/{name}"


async def _back(_runtime: Runtime, _request: Request) -> Response:
    """Lead from the address of a form that was sent, opened again, to the page."""
    return go(HERE)


def routes() -> list[Route]:
    """Return the addresses of this file."""
    acts = {"/place": set_place, "/languages": set_languages, "/pin": set_pin}
    return [
        *(Route(HERE + path, act, methods=["POST"]) for path, act in acts.items()),
        *(Route(HERE + path, _back, methods=["GET"]) for path in acts),
    ]
