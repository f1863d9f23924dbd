"""What gateways post: only with their signature at our public address, sealed before the answer, and never an act."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from contactpoints.actions import replies
from contactpoints.store.database import Row
from notifiers.twilio_webhooks import ANSWER, SIGNATURE_HEADER
from tests.fakes.line import Line
from tests.fakes.twilio import TOKEN, sign
from tests.far_ends import OLD_TOKEN, PUBLIC, Gateways
from tests.world import PIN, HandClock, World, open_world

INBOUND = "/hooks/twilio/twilio_sms/inbound"
FORM = {"MessageSid": "SM" + "1" * 32, "From": "+447700900999", "To": "+15005550006", "Body": "N9BW3WM 482913"}


async def posts(
    world: World, path: str, form: Mapping[str, str], *, token: str = TOKEN, at: str = PUBLIC
) -> httpx.Response:
    """Post a form, signed for an address."""
    headers = {SIGNATURE_HEADER: sign(at + path, form, token=token)}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return await world.client.post(path, content=urlencode(form), headers=headers)


async def kept(world: World) -> list[Row]:
    async with world.runtime.db.session() as session:
        return await session.fetch(
            """select i.*, k.wrapped, k.fingerprint from inbound i
                 join data_keys k on k.owner = 'arrival' and k.number = i.id order by i.id"""
        )


async def test_a_message_is_sealed_before_it_is_answered_and_read_after(real_world: World) -> None:
    answer = await posts(real_world, INBOUND, FORM)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert answer.content == ANSWER
    (row,) = await kept(real_world)
    assert (row["source"], row["kind"], row["provider_code"]) == ("twilio_sms", "reply", FORM["MessageSid"])
    assert (row["received_at"], row["handled_at"]) == (real_world.clock.at, None)
    assert b"482913" not in row["sealed"]
    assert replies.opened(row, real_world.runtime.tools) == urlencode(FORM).encode()
    await real_world.settles()
    assert (await kept(real_world))[0]["handled_at"] is not None


async def test_the_same_message_posted_again_is_answered_and_kept_once(real_world: World) -> None:
    for _ in range(3):
        assert (await posts(real_world, INBOUND, FORM)).status_code == 200
    assert len(await kept(real_world)) == 1


@pytest.mark.parametrize(
    ("token", "at"),
    [
        pytest.param("0" * 32, PUBLIC, id="another token"),
        pytest.param("5ec0" * 8, PUBLIC, id="the token of the other account"),
        pytest.param(TOKEN, "http://127.0.0.1", id="the address that the request says about itself"),
        pytest.param(TOKEN, f"{PUBLIC}/x", id="another path"),
    ],
)
async def test_a_wrong_signature_is_refused_and_nothing_is_kept(real_world: World, token: str, at: str) -> None:
    answer = await posts(real_world, INBOUND, FORM, token=token, at=at)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert await kept(real_world) == []


async def test_a_changed_body_or_none_or_no_signature_is_refused(real_world: World) -> None:
    headers = {SIGNATURE_HEADER: sign(PUBLIC + INBOUND, FORM, token=TOKEN)}
    changed = urlencode(FORM | {"Body": "N9BW3WM 111111"})
    for content, with_headers in ((changed, headers), ("", headers), ("\xff", headers), (urlencode(FORM), {})):
        answer = await real_world.client.post(INBOUND, content=content, headers=with_headers)
        assert answer.status_code == 403
    assert await kept(real_world) == []


async def test_the_token_before_counts_during_a_rotation(real_world: World) -> None:
    assert (await posts(real_world, INBOUND, FORM, token=OLD_TOKEN)).status_code == 200


async def test_path_and_query_count_just_as_they_arrived(real_world: World) -> None:
    assert (await posts(real_world, f"{INBOUND}?who=%41%20b&who=+", FORM)).status_code == 200
    headers = {SIGNATURE_HEADER: sign(f"{PUBLIC}{INBOUND}?who=A", FORM, token=TOKEN)}
    answer = await real_world.client.post(f"{INBOUND}?who=%41", content=urlencode(FORM), headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["twilio_sms_3", "smtp", "rehearsal_sms"])
async def test_a_gateway_that_is_not_twilios_or_not_there_is_404(real_world: World, name: str) -> None:
    for path in (f"/hooks/twilio/{name}/inbound", f"/hooks/twilio/{name}/status/abc"):
        assert (await posts(real_world, path, FORM)).status_code == 404


async def test_there_are_no_hooks_in_a_rehearsal(world: World) -> None:
    assert (await posts(world, INBOUND, FORM)).status_code == 404


async def test_a_large_body_is_not_read_to_its_end(real_world: World) -> None:
    assert (await posts(real_world, INBOUND, FORM | {"Body": "x" * 300_000})).status_code == 413
    assert await kept(real_world) == []


async def test_while_the_database_is_away_the_gateway_hears_503_and_its_retry_counts(
    database_url: str, gateways: Gateways, clock: HandClock
) -> None:
    far = urlsplit(database_url)
    async with Line(far.hostname or "", far.port or 0) as line:
        url = database_url.replace(f":{far.port}/", f":{line.port}/")
        async with open_world(url, far=gateways, clock=clock) as cut_off:
            await line.cut()
            answer = await posts(cut_off, INBOUND, FORM)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
            await line.mend()
            assert (await posts(cut_off, INBOUND, FORM)).status_code == 200
            assert len(await kept(cut_off)) == 1


# Reports.


async def called(world: World, gateways: Gateways) -> tuple[str, str]:
    """Open an alert; return its reference and where reports about its first text go."""
    reference = (await world.opens_alert()).json()["reference"]
    await world.settles()
    return reference, gateways.first.messages[-1].callback.removeprefix(PUBLIC).partition("#")[0]


def status(word: str, **more: str) -> dict[str, str]:
    return {"MessageSid": "SM" + "0" * 31 + "1", "MessageStatus": word} | more


async def text(world: World) -> Row:
    async with world.runtime.db.session() as session:
        row = await session.fetchrow("select * from messages where kind = 'sms' order by id limit 1")
    assert row is not None
    return row


async def test_reports_in_any_order_and_number_tell_each_thing_once(real_world: World, gateways: Gateways) -> None:
    reference, path = await called(real_world, gateways)
    before = await real_world.timeline(reference)
    for word in ("delivered", "sent", "delivered", "queued", "undelivered"):
        assert (await posts(real_world, path, status(word))).status_code == 204
        await real_world.settles()
    assert (await real_world.timeline(reference))[len(before) :] == ["message_delivered"]
    assert (await text(real_world))["state"] == "delivered"
    assert [row["outcome"] for row in await kept(real_world)] == ["delivered", "late", "late"]
    assert (await real_world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"


@pytest.mark.parametrize(("code", "permanent"), [("30005", True), ("30001", False)])
async def test_a_refusal_says_whether_it_is_for_good(
    real_world: World, gateways: Gateways, code: str, permanent: bool
) -> None:
    reference, path = await called(real_world, gateways)
    await posts(real_world, path, status("undelivered", ErrorCode=code))
    await real_world.settles()
    (refused,) = await real_world.facts(reference, "message_refused")
    assert (refused["permanent"], refused["error_code"]) == (permanent, code)
    (outside,) = await real_world.facts(reference, "message_refused", key=real_world.requester)
    assert "error_code" not in outside, "why a number of another Party does not work"


async def test_a_refused_text_that_arrived_after_all_has_arrived(real_world: World, gateways: Gateways) -> None:
    _, path = await called(real_world, gateways)
    for word in ("failed", "delivered"):
        await posts(real_world, path, status(word))
        await real_world.settles()
    assert (await text(real_world))["state"] == "delivered"


async def test_an_earlier_attempt_that_arrived_spares_the_repeat_and_one_that_failed_does_not(
    real_world: World, gateways: Gateways
) -> None:
    gateways.first.drop(accepts=True, times=2)  # the send and the question what became of it
    gateways.first.answers(503)
    _, path = await called(real_world, gateways)
    await real_world.passes(seconds=21)
    assert (await text(real_world))["gateway"] == "twilio_sms_2"
    assert len(gateways.second.messages) == 1
    await posts(real_world, path, status("failed"))
    await real_world.settles()
    assert (await text(real_world))["state"] == "accepted", "the second attempt stands"
    await posts(real_world, path, status("delivered"))
    await real_world.settles()
    assert (await text(real_world))["state"] == "delivered"


async def test_what_a_report_is_about_may_be_unknown_or_unreadable_and_holds_nobody_up(
    real_world: World, gateways: Gateways
) -> None:
    _, path = await called(real_world, gateways)
    odd = {"MessageSid": "SM" + "0" * 31 + "1", "MessageStatus": "vanished"}
    assert (await posts(real_world, path.rpartition("/")[0] + "/nobody", status("delivered"))).status_code == 204
    assert (await posts(real_world, path, odd)).status_code == 204
    assert (await posts(real_world, path, status("sent"))).status_code == 204
    await real_world.settles()
    assert [row["outcome"] for row in await kept(real_world)] == ["unknown", "unreadable", "late"]


async def test_a_report_with_code_and_pin_in_it_acknowledges_nothing(real_world: World, gateways: Gateways) -> None:
    reference, path = await called(real_world, gateways)
    code = await real_world.code_of(real_world.network["FR"].officers[0])
    await posts(real_world, path, status("delivered", Body=f"{code} {PIN}"))
    await real_world.settles()
    assert (await real_world.get(f"/v1/alerts/{reference}")).json()["state"] == "alerting"
