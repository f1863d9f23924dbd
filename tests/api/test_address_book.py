"""The directory to take along: who finds what in it."""

from contactpoints.actions.address_book import book_of
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.address_book import block
from contactpoints.words import catalogues
from tests.api.conftest import KeyOf
from tests.world import World


async def test_officers_stand_on_the_cards_for_their_own_house_alone(world: World, key_of: KeyOf) -> None:
    france = world.network["FR"]
    path = f"/v1/contact-points/{france.contact_point}/vcard"
    numbers = [each.sms for each in france.officers]
    for role, party, inside in (
        ("requester", "US", False),
        ("administrator", "US", False),
        ("contact_point", "FR", True),
        ("administrator", "FR", True),
        ("secretariat", None, True),
        ("auditor", None, True),
    ):
        answer = await world.get(path, key=await key_of(role, party))
        assert answer.headers["Content-Type"] == "text/vcard; charset=utf-8"
        assert f"FN:{france.name}" in answer.text
        assert all((number in answer.text) is inside for number in numbers), role
        assert all((each.name in answer.text) is inside for each in france.officers), role
    for nobody in ("4711", "x", "99999999999999999999"):
        assert (await world.get(f"/v1/contact-points/{nobody}/vcard")).status_code == 404


async def test_a_number_that_waits_is_on_the_card_where_it_is_the_only_telephone(world: World, key_of: KeyOf) -> None:
    officer = world.network["FR"].officers[0]
    path = f"/v1/contact-points/{world.network['FR'].contact_point}/vcard"
    key = await key_of("secretariat")
    async with world.runtime.db.session() as session:
        await session.execute("update channels set unapproved_since = now() where address = $1", officer.sms)
        await session.execute("update channels set proven_at = null where address = $1", officer.email)
        await session.execute("update channels set proven_at = $1 where address <> $2", world.clock.at, officer.email)
    told = (await world.get(path, key=key)).text.replace("\r\n ", "")
    assert officer.sms in told
    assert officer.email in told
    (note,) = [line for line in told.splitlines() if line.startswith("NOTE") and "@" in line]
    assert note == f"NOTE:{officer.sms}: not approved yet\\n{officer.email}: not proven lately"
    (house,) = await book_of(
        world.runtime.db, actor=Actor(0, Role.AUDITOR, None, "Desk"), now=world.clock.at, party="FR"
    )
    ways = [address for person in block(house, catalogues()["en"]).people for _, address in person.ways]
    assert [way.partition(" (")[2] for way in ways if "(" in way] == ["not approved yet)", "not proven lately)"]


async def test_a_channel_in_quarantine_is_on_no_card(world: World, key_of: KeyOf) -> None:
    officer = world.network["FR"].officers[0]
    async with world.runtime.db.session() as session:
        await session.execute(
            "update channels set quarantined_at = now(), quarantined_why = 'stop' where address = $1", officer.sms
        )
    path = f"/v1/contact-points/{world.network['FR'].contact_point}/vcard"
    told = (await world.get(path, key=await key_of("secretariat"))).text
    assert officer.name in told
    assert officer.sms not in told
