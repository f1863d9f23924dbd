"""What waits on pages of the directory: changed numbers for a second person, addresses for a proof; and the copy."""

import re
from datetime import timedelta
from html import unescape

from contactpoints.actions import waiting
from contactpoints.rules.access import Actor, Role
from tests.console.test_directory_pages import Desk, channels, desk
from tests.world import World, is_proof_code

NEW = "+33639980198"
_APPROVALS = "/directory/approvals"


async def _code(world: World, address: str) -> str:
    await world.settles()
    texts = " ".join(each["body"] for each in await world.hears(address))
    words: list[str] = re.findall(r"[0-9A-Z]{7}", texts)
    return [word for word in words if is_proof_code(word)][-1]


async def _proposes(who: Desk, channel: int, address: str) -> None:
    path = f"/directory/channels-{channel}/change"
    sent = await who.sends(path, **(await who.form(path)) | {"address": address, "reason": "new telephone"})
    assert "said=waits" in sent.headers["Location"]


async def test_another_number_is_in_force_after_a_second_person_and_a_code_and_not_before(world: World) -> None:
    ada, bea = await desk(world), await desk(world, "bea@fr.example.org", name="Bea", authority="Day desk")
    watch = await desk(world, "watch@fr.example.org", role="contact_point", name="Watch", authority="Watch")
    cleo = await desk(world, "cleo@jp.example.org", party="JP", name="Cleo", authority="Elsewhere")
    [channel, *_] = await channels(world, world.network["FR"].officers[0].id)
    page = f"/directory/channels-{channel}"
    assert "Nothing waits" in await ada.opens(_APPROVALS)
    await _proposes(ada, channel, NEW)
    assert "until then this one is in force" in await ada.opens(page)
    mine, theirs = await ada.opens(_APPROVALS), await bea.opens(_APPROVALS)
    number = re.findall(r'action="/directory/approvals/(\d+)/approval"', theirs)[0]
    assert NEW in mine
    assert f"/{number}/approval" not in mine, "never whoever proposed it"
    assert "Nothing waits" in await cleo.opens(_APPROVALS)
    assert f"{_APPROVALS}/{number}/" not in await watch.opens(_APPROVALS)
    one = f"{_APPROVALS}/{number}"
    assert "Another person has to do that" in (await ada.sends(f"{one}/approval", 409)).text
    for each in ("approval", "withdrawal", "proof", "refusal"):
        await cleo.sends(f"{one}/{each}", 404, reason="no")
        assert (await bea.browser.asks("GET", f"{one}/{each}")).headers["Location"] == _APPROVALS
    assert 'id="f-reason"' in (await bea.sends(f"{one}/refusal", 422, reason="")).text
    further = re.findall(rf'action="({one}/refusal[^"]+)"', await bea.opens(f"{_APPROVALS}?cursor={int(number) + 1}"))
    assert 'id="f-reason"' in (await bea.sends(further[0], 422, reason="")).text
    elsewhere = (await bea.sends(f"{one}/refusal?cursor={number}", 422, reason="")).text
    assert 'id="f-reason"' not in elsewhere, "the page that it was sent from comes back"
    code = await _code(world, NEW)
    assert "less than a minute ago" in (await bea.sends(f"{one}/proof", 409)).text
    world.clock.at += timedelta(minutes=2)
    once = await bea.form(_APPROVALS, f"/{number}/proof")
    for _ in range(2):
        assert "on its way" in await bea.opens((await bea.sends(f"{one}/proof", **once)).headers["Location"])
    for _ in range(2):
        assert "It is in force as soon as" in await bea.opens((await bea.sends(f"{one}/approval")).headers["Location"])
    assert NEW.removeprefix("+33") not in (await ada.opens(page)).replace(" ", ""), "a code is missing"
    fresh = await _code(world, NEW)
    for wrong in ("AAAAAAA", ""):
        assert 'id="f-code-fault"' in (await bea.sends(f"{page}/confirmation", 422, code=wrong)).text
    assert code
    await bea.sends(f"{page}/confirmation", code=fresh)
    await world.settles()
    assert NEW.removeprefix("+") in (await ada.opens(page)).replace(" ", "")
    assert "settled already" in unescape((await bea.sends(f"{one}/withdrawal", 409)).text)
    for act, fields in (("refusal", {"reason": "not known"}), ("withdrawal", {})):
        await _proposes(ada, channel, f"+3363998018{len(act)}"[:12])
        open_one = re.findall(rf'action="({_APPROVALS}/\d+)/{act}"', await bea.opens(_APPROVALS))[0]
        for _ in range(2):
            told = (await bea.sends(f"{open_one}/{act}", **fields)).headers["Location"]
            assert "the old address stays" in await bea.opens(told)
    assert "Nothing waits" in await ada.opens(_APPROVALS)


async def test_proofs_due_are_asked_for_and_a_code_that_is_read_out_proves(world: World) -> None:
    ada = await desk(world)
    asks = await desk(world, "asks@jp.example.org", role="requester", party="JP", name="Asks", authority="Asks")
    for path in ("/directory/proofs", _APPROVALS):
        await asks.opens(path, 404)
    officer = world.network["FR"].officers[1]
    [channel, *_] = await channels(world, officer.id)
    japan = (await channels(world, world.network["JP"].officers[0].id))[0]
    assert "Every address is proven" in await ada.opens("/directory/proofs")
    async with world.runtime.db.session() as session:
        await session.execute("update channels set proven_at = null where id in ($1, $2)", channel, japan)
    due = await ada.opens("/directory/proofs")
    assert f'action="/directory/channels-{channel}/proof"' in due
    assert f"channels-{japan}/" not in due
    actor = Actor(0, Role.SECRETARIAT, None, "Secretariat")
    found, many = await waiting.proofs_due(world.runtime.db, actor=actor, now=world.clock.at, at_once=1)
    assert {each["id"] for each in found} == {channel, japan}
    assert many == 2
    rest = await waiting.proofs_due(world.runtime.db, actor=actor, now=world.clock.at, skip=1, at_once=1)
    assert rest == (found[1:], 2)
    assert "From the beginning" in await ada.opens("/directory/proofs?cursor=1")
    page = f"/directory/channels-{channel}"
    for act in ("proof", "confirmation"):
        await ada.sends(f"/directory/channels-{japan}/{act}", 404, code="AAAAAAA")
        await ada.sends(f"/directory/officers-{officer.id}/{act}", 404, code="AAAAAAA")
        assert (await ada.browser.asks("GET", f"{page}/{act}")).headers["Location"] == page
    assert "No code is open" in (await ada.sends(f"{page}/confirmation", 409, code="AAAAAAA")).text
    once = await ada.form("/directory/proofs", f"/channels-{channel}/proof")
    for later in (0, 0, 2):
        world.clock.at += timedelta(minutes=later)
        assert "on its way" in await ada.opens((await ada.sends(f"{page}/proof", **once)).headers["Location"])
    assert (await ada.form(page, "/proof"))["once"] != once["once"]
    async with world.runtime.db.session() as session:
        assert (
            await session.fetchval(
                "select count(*) from proofs where channel_id = $1 and asked_by like 'account:%'", channel
            )
            == 1
        )
    world.clock.at -= timedelta(minutes=2)
    assert "less than a minute" in await ada.opens((await ada.sends(f"{page}/proof")).headers["Location"])
    code = await _code(world, officer.sms)
    assert "The address is proven" in await ada.opens(
        (await ada.sends(f"{page}/confirmation", code=f" {code} ")).headers["Location"]
    )
    assert "Every address is proven" in await ada.opens("/directory/proofs")


async def test_a_copy_is_made_for_whoever_may_have_it_and_is_written_down(world: World) -> None:
    ada = await desk(world)
    assert "/v1/export?format=json&party=FR" in await ada.opens("/directory/copy?party=FR")
    for wrong in ({"party": "F1"}, {"party": "FR", "password": "x" * 500}):
        page = await ada.sends("/directory/copy", 422, **wrong)
        assert "-fault" in page.text
        assert "x" * 500 not in page.text
    made = await ada.sends("/directory/copy", 200, party="fr", password="harbour lamp 3")
    assert made.content.startswith(b"%PDF-")
    assert "contact-points.pdf" in made.headers["Content-Disposition"]
    assert made.headers["Cache-Control"] == "no-store"
    async with world.runtime.db.session() as session:
        rows = await session.fetch("select outcome, after from audit where operation = 'page /directory/copy'")
    assert [row["outcome"] for row in rows].count("done") == 1
    assert "harbour" not in str([dict(row) for row in rows])
