"""Invented people of the demo, for each role one or two, who come in with one press and prove nothing.

Only `contactpoints.demo` makes them, and only where `Settings.demo` says so does a page let anybody in as one of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contactpoints.actions.demo_network import Made
from contactpoints.actions.signing_in import Begun, begin, note
from contactpoints.actions.tools import Tools
from contactpoints.rules.refusals import NotFound
from contactpoints.store import accounts, openid
from contactpoints.store.database import Database
from schemas.access import Role
from schemas.words import msgid


@dataclass(frozen=True, slots=True)
class Invented:
    """Somebody who does not exist: an account by its address, what it is for, and English sentences that say so.

    ``asks``: whether it is of the Party that asks, not of the one that is asked.
    """

    email: str
    name: str
    role: Role
    title: str
    does: str
    authority: str
    asks: bool = False


PIN = "482913"
"""That of every officer of the invented network."""
_CONTACT_POINT, _DESK = "Contact point", "Invented Emergency Desk"
PEOPLE: Mapping[str, Invented] = {
    "requester": Invented(
        "desk@requester.example",
        "Robin Ask",
        "requester",
        msgid("Requesting authority"),
        msgid("Asks another Party for help in an emergency, and watches the alert climb."),
        _DESK,
        asks=True,
    ),
    "officer": Invented(
        "camille.frene@fr.example.org",
        "Camille Frêne",
        "contact_point",
        msgid("Officer on duty"),
        msgid("Is woken, acknowledges, reads the request, hands it over or closes it."),
        _CONTACT_POINT,
    ),
    "administrator": Invented(
        "nour.keep@fr.example.org",
        "Nour Keep",
        "administrator",
        msgid("Administrator of a Party"),
        msgid("Plans rosters, keeps the directory, invites people and makes keys."),
        _CONTACT_POINT,
    ),
    "second": Invented(
        "sol.second@fr.example.org",
        "Sol Second",
        "administrator",
        msgid("Second administrator"),
        msgid("Approves what the first one may not do alone."),
        _CONTACT_POINT,
    ),
    "secretariat": Invented(
        "dana.quill@secretariat.example.org",
        "Dana Quill",
        "secretariat",
        msgid("Secretariat of the network"),
        msgid("Keeps the network together, and is called last."),
        "Secretariat",
    ),
    "auditor": Invented(
        "max.look@audit.example.org",
        "Max Look",
        "auditor",
        msgid("Auditor"),
        msgid("Sees how everything went, and changes nothing."),
        "Auditor",
    ),
}
"""By whom the demo is looked at, by the name that its page sends."""


async def load_people(db: Database, asked: Made, *, asks: str, now: datetime) -> None:
    """Make their accounts: those of the Party that ``asks``, and those of the contact point that is ``asked``."""
    async with db.transaction() as session:
        for each in PEOPLE.values():
            of_network = each.role in ("secretariat", "auditor")
            at_post = each.role == "contact_point"
            standing = {
                "name": each.name,
                "role": each.role,
                "party": None if of_network else asks if each.asks else asked.party,
                "contact_point_id": asked.contact_point if at_post else None,
                "officer_id": asked.officers[0].id if at_post else None,
                "authority": each.authority,
                "language": "en",
                "openid": None,
            }
            number = await accounts.add(session, standing, email=each.email, by=None, now=now)
            assert number is not None, "an empty database has no such address"
            await openid.accept(session, number, now=now)


async def enter(
    db: Database, who: str, *, language: str, address: str | None, device: str, now: datetime, tools: Tools
) -> Begun:
    """Begin a session of one of them, who reads it in ``language`` from now on. Raises `NotFound` for anybody else."""
    if who not in PEOPLE:
        raise NotFound("There is no such person, not even an invented one.")
    async with db.transaction() as session:
        account = await accounts.by_email(session, PEOPLE[who].email)
        if account is None:
            raise NotFound("This is not the database of a demo.")
        note(account)
        standing = {name: account[name] for name in accounts.STANDING} | {"language": language}
        await accounts.change(session, account["id"], standing=standing)
        return await begin(
            *(session, account["id"]), factors=("passkey",), device=device, address=address, now=now, tools=tools
        )
