"""What a directory entry relies on, asked when it is created or changed: zones, numbers, and other entries.

A body may have faults in its shape already: what stands for them is None, also within lists and shapes, and is passed
over here. Nothing that is wrong keeps the rest from being told.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import available_timezones

from contactpoints.actions.public_keys import with_fingerprints
from contactpoints.actions.references import missing
from contactpoints.rules.access import Actor, reads_entries_of
from contactpoints.rules.holidays import countries
from contactpoints.rules.local_times import span_entered
from contactpoints.rules.numbers import read_address, read_number
from contactpoints.rules.refusals import no_party
from contactpoints.store import entries
from contactpoints.store.database import Session
from contactpoints.store.directory import answering_for, behind, find_party, place_of, zone_of
from contactpoints.store.entries import Owner
from contactpoints.store.relying import hold_links
from schemas.calendars import Calendar
from schemas.directory import Channel, ContactPoint, Declaration, Membership, ProviderSeat
from schemas.faults import Fault
from schemas.fields import Shape
from schemas.holidays import HolidayCalendar
from schemas.provisions import DECLARABLE, SUSPENDED_BY
from schemas.rosters import Absence, EscalationPolicy, Override, PolicyStep, PostOfStep, Rotation


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be checked, for whom, below which contact point, with which gateways.

    ``owner`` is None for an entry that is a contact point itself, and where it is not known whose it is.
    """

    session: Session
    actor: Actor
    body: Shape
    owner: Owner | None
    gateways: Mapping[str, tuple[str, ...]]


@dataclass(slots=True)
class Found:
    """Faults and warnings, and columns to be written in another form than the body has.

    ``apart``: the places of what has no fault and cannot be judged either; nothing stands there in the body.
    """

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Mapping[str, str]] = field(default_factory=list)
    replaced: dict[str, object] = field(default_factory=dict)
    apart: Collection[str] = ()

    def wrong(self, *places: str) -> bool:
        """Say whether one of these fields, or something in it, has a fault."""
        return any(f"{fault.pointer}/".startswith(f"{place}/") for fault in self.faults for place in places)


async def check(asked: Asked, found: Found) -> None:
    """Find everything that is wrong or doubtful about an entry, beyond its shape."""
    match asked.body:
        case ContactPoint() as point:
            await _check_party(asked.session, point.party, found=found)
            found.faults += zone_faults(point.zone)
            await _check_designation(asked, point, found=found)
            await _check_links(asked, point, found=found)
            found.replaced["public_keys"], faults = with_fingerprints(point.public_keys or ())
            found.faults += faults
        case Membership(party=party) | ProviderSeat(party=party):
            await _check_party(asked.session, party, found=found)
        case Declaration() as declaration:
            await _check_party(asked.session, declaration.party, found=found)
            await _check_party(asked.session, declaration.towards, found=found, at="/towards")
            _check_article(declaration, found)
        case Channel(kind=str(), address=str()) as channel:
            check_channel(channel, asked.gateways, found=found)
        case Rotation() as rotation:
            found.faults += zone_faults(rotation.zone)
            members = [(f"/members/{number}", each) for number, each in enumerate(rotation.members or ())]
            await _check_officers(asked, named=members, found=found)
        case Override() | Absence() as span:
            if isinstance(span, Override):
                await _check_officers(asked, named=[("/officer_id", span.officer_id)], found=found)
            await _check_span(asked, span, found=found)
        case HolidayCalendar() as holidays:
            await _check_holidays(asked, holidays, found=found)
        case Calendar() as calendar:
            found.faults += zone_faults(calendar.zone)
            told = enumerate(calendar.officers or ())
            named = [(f"/officers/{place}/officer_id", each.officer_id) for place, each in told if each is not None]
            await _check_officers(asked, named=named, found=found)
        case EscalationPolicy() as policy:
            await _check_policy(asked, policy, found=found)
        case _:
            pass
    if not found.faults:
        found.replaced |= _written_down(asked.body)


def _written_down(body: Shape) -> Mapping[str, object]:
    """Return the columns of a sound body that hold shapes, as they are kept."""
    match body:
        case ContactPoint() as point:
            hours = point.working_hours
            return {
                "working_hours": [
                    {"weekday": span.weekday, "start": f"{span.start:%H:%M}", "end": f"{span.end:%H:%M}"}
                    for span in hours
                ]
            }
        case HolidayCalendar() as calendar:
            days = calendar.own_days
            return {
                "own_days": [
                    {
                        "first_day": f"{own.first_day}",
                        "last_day": f"{own.last_day}",
                        "name": own.name,
                        "counts": own.counts,
                    }
                    for own in days
                ]
            }
        case EscalationPolicy() as policy:
            return {"steps": [_step(each, own=policy.contact_point_id) for each in policy.steps]}
    return {}


def _step(step: PolicyStep, *, own: int) -> Mapping[str, object]:
    return {
        "posts": [{"contact_point": ref.contact_point or own, "post": ref.post} for ref in step.posts],
        "channels": list(step.channels),
        "patience_seconds": step.patience_seconds,
        "only_if_undelivered": step.only_if_undelivered,
    }


async def _check_party(session: Session, party: str | None, *, found: Found, at: str = "/party") -> None:
    if party is not None and not found.wrong(at) and await find_party(session, party) is None:
        found.faults.append(Fault(at, "unknown", no_party(party)))


async def _check_designation(asked: Asked, point: ContactPoint, *, found: Found) -> None:
    """Warn of a second contact point for the same place: ETS 185 Art. 35.1 wants one, territories apart."""
    if point.party is None:
        return
    first = await answering_for(asked.session, point.party, territory=point.territory)
    if first is not None and first != (asked.owner and asked.owner.contact_point):
        detail = f"Contact point {first} answers for the same Party and territory already: alerts go to it alone."
        found.warnings.append({"code": "another_answers", "detail": detail})


def _check_article(declaration: Declaration, found: Found) -> None:
    named, suspends = (declaration.instrument, declaration.article), declaration.kind == "suspension"
    known = SUSPENDED_BY.items() if suspends else {(each.instrument, each.article) for each in DECLARABLE}
    if None not in named and named not in known:
        detail = "It is kept and shown; the legal basis draws nothing from this article."
        found.warnings.append({"code": "article_not_known", "detail": detail})


def zone_faults(zone: str | None, *, at: str = "/zone") -> list[Fault]:
    """Return that a zone is not known; nothing where none is named."""
    if zone is None or zone in available_timezones():
        return []
    return [Fault(at, "unknown_zone", f"There is no time zone {zone} in the IANA database.")]


async def _check_span(asked: Asked, span: Override | Absence, *, found: Found) -> None:
    """Turn what was entered into instants, and into what is kept; ask where the clocks do not say which is meant."""
    found.faults += zone_faults(span.zone)
    zone = None if found.wrong("/zone") else span.zone
    if zone is None and asked.owner is not None and not found.wrong("/zone"):
        zone = await zone_of(asked.session, asked.owner.contact_point)
    entered = span_entered(span, zone=zone)
    found.faults += entered.faults
    found.replaced["zone"] = zone
    for name, kept in entered.kept.items():
        found.replaced |= {f"{name}_at": kept.at, f"{name}_local": kept.local}


def check_channel(channel: Channel, gateways: Mapping[str, tuple[str, ...]], *, found: Found) -> None:
    """Find what is wrong or doubtful about the address of a channel of its kind."""
    if channel.kind == "email":
        try:
            found.replaced["address"] = read_address(channel.address)
        except ValueError as error:
            found.faults.append(Fault("/address", "wrong_form", str(error)))
    else:
        number = read_number(channel.address)
        found.replaced["address"] = number.text
        if not number.possible:
            found.faults.append(Fault("/address", "not_possible", "No numbering plan has a number of this length."))
        elif not number.valid:
            found.warnings.append({"code": "number_not_valid", "detail": "No numbering plan gives out this number."})
    if not gateways.get(channel.kind):
        detail = "No gateway for this kind of channel is set up; it is kept but not used."
        found.warnings.append({"code": "no_gateway", "detail": detail})


async def _check_links(asked: Asked, point: ContactPoint, *, found: Found) -> None:
    """Report links to what is neither of the same Party nor the secretariat, and back-ups that lead back."""
    own, party = (asked.owner.contact_point, asked.owner.party) if asked.owner else (None, point.party)
    whose = not found.wrong("/party", "/secretariat") and (party is not None or point.secretariat)
    if point.central_authority_id is not None or point.backup_id is not None:
        await hold_links(asked.session)
    for name, number in (("central_authority_id", point.central_authority_id), ("backup_id", point.backup_id)):
        place = f"/{name}"
        gone = await missing(
            asked.session, "contact_points", named=[(place, number)], actor=asked.actor, secretariat=True
        )
        found.faults += gone
        if gone or number is None:
            continue
        linked = await entries.find_owner(asked.session, "contact_points", key=number)
        if whose and (linked is None or linked.party not in (None, party)):
            found.faults.append(Fault(place, "unknown", "There is no such contact point."))
        elif number == own:
            found.faults.append(Fault(place, "itself", "Must be another contact point than this one."))
        elif name == "backup_id" and own in await behind(asked.session, number):
            found.faults.append(Fault(place, "ring", "This contact point is a back-up of that one already."))


async def _check_officers(asked: Asked, *, named: Sequence[tuple[str, int | None]], found: Found) -> None:
    own = asked.owner.contact_point if asked.owner else None
    found.faults += await missing(asked.session, "officers", named=named, actor=asked.actor, contact_point=own)


async def _check_holidays(asked: Asked, calendar: HolidayCalendar, *, found: Found) -> None:
    place = await place_of(asked.session, asked.owner.contact_point) if asked.owner else None
    country = calendar.country or next((code for code in place or () if code in countries()), None)
    if calendar.country is not None and calendar.country not in countries():
        found.faults.append(Fault("/country", "unknown", "Of this country no public holidays are known."))
    elif found.wrong("/country") or (calendar.country is None and place is None):
        return  # which subdivisions there are is not known
    elif calendar.subdivision is not None and calendar.subdivision not in countries().get(country or "", ()):
        known = ", ".join(countries().get(country or "", ())) or "none"
        detail = f"{country or 'The country'} has no such subdivision with holidays of its own; known are: {known}."
        found.faults.append(Fault("/subdivision", "unknown", detail))
    elif calendar.public_holidays and country is None:
        detail = "Of this Party no public holidays are known: only its own days count."
        found.warnings.append({"code": "no_public_holidays", "detail": detail})


async def _check_policy(asked: Asked, policy: EscalationPolicy, *, found: Found) -> None:
    await hold_links(asked.session)
    for number, step in enumerate(policy.steps or ()):
        if step is None:
            continue
        kinds: set[str] | None = set() if step.posts is not None and None not in step.posts else None
        for place, ref in enumerate(step.posts or ()):
            of_post = await _check_post(asked, ref, at=f"/steps/{number}/posts/{place}", found=found)
            kinds = None if kinds is None or of_post is None else kinds | of_post
        _check_kinds(asked, step, at=f"/steps/{number}/channels", kinds=kinds, found=found)


async def _check_post(asked: Asked, ref: PostOfStep | None, *, at: str, found: Found) -> set[str] | None:
    """Report a post that may not be called, and return the kinds of channels by which its house can be reached.

    A policy may call the posts of its own Party and of the secretariat. None where it is not known which house it is.
    """
    if ref is None or found.wrong(f"{at}/contact_point") or f"{at}/contact_point" in found.apart:
        return None
    point = ref.contact_point or (asked.owner.contact_point if asked.owner else None)
    if ref.contact_point is not None and not await _may_call(asked, ref.contact_point):
        found.faults.append(Fault(f"{at}/contact_point", "unknown", "There is no such contact point."))
        point = None
    posts = [(f"{at}/post", ref.post)]
    gone = await missing(asked.session, "posts", named=posts, actor=asked.actor, contact_point=point)
    found.faults += gone
    return None if gone or point is None else await entries.channel_kinds(asked.session, point)


async def _may_call(asked: Asked, contact_point: int) -> bool:
    owner = await entries.find_owner(asked.session, "contact_points", key=contact_point)
    if owner is None or owner.party is None:
        return owner is not None
    return owner.party == asked.owner.party if asked.owner else reads_entries_of(asked.actor, owner.party)


def _check_kinds(asked: Asked, step: PolicyStep, *, at: str, kinds: set[str] | None, found: Found) -> None:
    """Report kinds of channels that call nobody; ``kinds`` that would, None where that is not known."""
    for number, kind in enumerate(step.channels or ()):
        if kind is not None and not asked.gateways.get(kind):
            found.faults.append(Fault(f"{at}/{number}", "no_gateway", "No gateway for this kind is set up."))
        elif kind is not None and kinds is not None and kind not in kinds:
            detail = "No officer of the contact point has a channel of this kind."
            found.faults.append(Fault(f"{at}/{number}", "no_channel", detail))
