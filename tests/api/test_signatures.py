"""Signed requests: a stranger's client by docs/signing.md, and whatever somebody tries with the API key alone."""

import asyncio
import json
import re
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from starlette.requests import Request

from contactpoints.actions.access import make_key
from contactpoints.actions.forgetting import forget
from contactpoints.api.identity import known_caller
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.throttle import KEY
from contactpoints.runtime import Runtime
from contactpoints.serving import doors
from contactpoints.web import application
from schemas.examples import example
from tests.api.conftest import KeyOf
from tests.api.people import person
from tests.api.test_keys import Desk
from tests.api.test_stream import following
from tests.far_ends import PUBLIC
from tests.world import START, World

_PAGE = (Path(__file__).parents[2] / "docs" / "signing.md").read_text(encoding="utf-8")
_URL = f"{PUBLIC}/v1/alerts"
Signs = Callable[..., dict[str, str]]


def _block(name: str) -> str:
    found = re.search(rf"^```{name}\n(.*?)\n```$", _PAGE, re.M | re.S)
    assert found, name
    return found[1]


def _client(now: Callable[[], float], nonce: Callable[[int], str] = secrets.token_urlsafe) -> Signs:
    """Return the client of the page, with a clock and dice of our own."""
    made: dict[str, Any] = {}
    exec(_block("python"), made)
    made |= {"time": SimpleNamespace(time=now), "secrets": SimpleNamespace(token_urlsafe=nonce)}
    return made["sign"]  # type: ignore[no-any-return]


def pair_of_keys() -> tuple[bytes, str, str]:
    """Return a private key, its public one, and the fingerprint of that."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    told = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), told, sha256(der).hexdigest()


class Signer:
    """An authority that signs, and whoever stands between it and the service."""

    def __init__(self, world: World, secret: str, private: bytes) -> None:
        self.world, self.secret, self.private = world, secret, private
        self.sign = _client(lambda: world.clock.at.timestamp())
        self.raw = json.dumps(example("preservation") | {"requested_party": "FR"}).encode()

    def made(
        self, *, url: str = _URL, method: str = "POST", raw: bytes | None = None, once: str = ""
    ) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.secret}"}
        headers |= {"Idempotency-Key": once or secrets.token_hex(8)} if once or method == "POST" else {}
        raw = (self.raw if method == "POST" else b"") if raw is None else raw
        return self.sign(self.private, method, url, headers, raw)

    async def sends(
        self, headers: Mapping[str, str], *, raw: bytes | None = None, client: httpx.AsyncClient | None = None
    ) -> httpx.Response:
        told = {"Content-Type": "application/json", **headers}
        lines = [(name.encode(), value.encode("latin-1")) for name, value in told.items()]
        return await (client or self.world.client).post(
            "/v1/alerts", content=self.raw if raw is None else raw, headers=lines
        )

    async def refused(self, headers: Mapping[str, str], *, raw: bytes | None = None) -> str:
        """Return why something is refused; nobody is told a secret or a word that was sent."""
        answer = await self.sends(headers, raw=raw)
        assert answer.status_code == 401, answer.text
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert self.secret not in answer.text
        assert "canary" not in answer.text
        told = answer.json()
        return str(told.get("reason", told["type"]))


@pytest.fixture
async def desk(world: World, key_of: KeyOf) -> Desk:
    return Desk(world, await key_of("administrator", "US"))


@pytest.fixture
async def signer(desk: Desk) -> Signer:
    """An authority whose requests must be signed."""
    private, public, _ = pair_of_keys()
    made = await desk.makes(signing={"required": True, "keys": [{"public_key": public}]})
    return Signer(desk.world, made["secret"], private)


async def _registers(desk: Desk, number: int, signing: Mapping[str, Any], *, status: int = 200) -> dict[str, Any]:
    answer = await desk.changes(number, signing=signing)
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_stranger_who_follows_the_page_opens_an_alert_with_the_very_same_bytes(desk: Desk) -> None:
    world = desk.world
    head, _, raw = _block("request").partition("\n\n")
    first, *lines = head.splitlines()
    sent, (method, path, _) = dict(line.split(": ", 1) for line in lines), first.split()
    asks = Actor(0, Role.REQUESTER, "US", "A desk")
    await make_key(world.runtime.db, asks, now=START, entropy=lambda length: bytes(range(length)))
    number = (await desk.asks("GET", "/v1/keys")).json()["items"][-1]["id"]
    shown = await _registers(desk, number, json.loads(_block("json"))["signing"])
    assert f'keyid="{shown["signing"]["keys"][0]["fingerprint"]}"' in head
    answer = await world.client.request(method, path, content=raw.encode(), headers=sent)
    assert answer.status_code == 201, answer.text
    sign = _client(START.timestamp, lambda length: urlsafe_b64encode(bytes(range(length))).decode())
    given = {name: sent[name] for name in ("Authorization", "Idempotency-Key")}
    made = sign(_block("private").encode(), method, f"{PUBLIC}{path}", given, raw.encode())
    assert made.items() <= sent.items()
    last = _block("base").splitlines()[-1]
    assert last == '"@signature-params": ' + made["Signature-Input"].removeprefix("sig=")


def _tampered(good: Mapping[str, str]) -> dict[str, tuple[Mapping[str, str], str]]:
    """Return what a signature that leaves something out, or says something else, is refused for."""

    def renamed(old: str, new: str) -> dict[str, str]:
        return {**good, "Signature-Input": good["Signature-Input"].replace(old, new)}

    return {
        "not the method": (renamed('"@method" ', ""), "incomplete"),
        "not the address": (renamed('"@target-uri" ', ""), "incomplete"),
        "a part of the address": (renamed('"@target-uri"', '"@path"'), "incomplete"),
        "a part of the digest": (renamed('"content-digest"', '"content-digest";key="sha-256"'), "incomplete"),
        "not the API key": (renamed('"authorization" ', ""), "incomplete"),
        "another algorithm": (renamed('"ed25519"', '"hmac-sha256"'), "algorithm"),
        "no algorithm": (renamed(';alg="ed25519"', ""), "incomplete"),
        "no key": (renamed(f';keyid="{_key_id(good)}"', ""), "incomplete"),
        "a short nonce": (renamed('nonce="', 'nonce="a";x="'), "malformed"),
        "not the nonce": (renamed(";nonce=", ";tag="), "incomplete"),
        "not the end": (renamed(";expires=", ";tag="), "malformed"),
        "instants in words": (renamed(";created=", ';created="canary";tag='), "malformed"),
        "a component twice": (renamed('("@method" ', '("@method" "@method" '), "malformed"),
        "what is not there": (renamed('("@method" ', '("@method" "canary" '), "malformed"),
    }


async def test_who_has_the_api_key_alone_opens_nothing(signer: Signer) -> None:
    made, refused = signer.made, signer.refused
    other, _, fingerprint = pair_of_keys()
    good = made()
    bare = {name: value for name, value in good.items() if not name.startswith("Signature")}
    two = {name: f"{good[name]}, {good[name].replace('sig=', 'two=')}" for name in ("Signature", "Signature-Input")}
    again = {name: f"{good[name]}, {good[name]}" for name in ("Signature", "Signature-Input")}
    forged = good | {"Signature": f"sig=:{b64encode(bytes(64)).decode()}:"}
    mine = Signer(signer.world, signer.secret, other).made()
    digest = f"sha-256=:{b64encode(sha256(b'canary').digest()).decode()}:"

    attempts: dict[str, tuple[Mapping[str, str], bytes | None, str]] = {
        "stripped": (bare, None, "/problems/signature-required"),
        "half stripped": (bare | {"Signature": good["Signature"]}, None, "malformed"),
        "forged": (forged, None, "wrong"),
        "forged, too short": (good | {"Signature": "sig=:AAAA:"}, None, "wrong"),
        "another's key": (mine, None, "unknown_key"),
        "another's key under this one's name": (
            mine | {"Signature-Input": mine["Signature-Input"].replace(fingerprint, _key_id(good))},
            None,
            "wrong",
        ),
        "another body": (good, signer.raw + b" ", "digest"),
        "another body with its digest": (good | {"Content-Digest": digest}, b"canary", "wrong"),
        "without its digest": ({k: v for k, v in good.items() if k != "Content-Digest"}, None, "malformed"),
        "another method": (made(method="PUT", raw=signer.raw) | {"Idempotency-Key": "canary"}, None, "incomplete"),
        "signed as a GET": (made(method="GET", raw=signer.raw, once="a"), None, "wrong"),
        "another host": (made(url="https://canary.example/v1/alerts"), None, "wrong"),
        "another path": (made(url=f"{_URL}/preview"), None, "wrong"),
        "another Idempotency-Key": (good | {"Idempotency-Key": "canary"}, None, "wrong"),
        "another scheme": (made(url=_URL.replace("https", "http")), None, "wrong"),
        "two signatures": (good | two, None, "malformed"),
        "the same twice": (good | again, None, "malformed"),
        "no structure": (good | {"Signature-Input": 'sig=("@method'}, None, "malformed"),
        "no list": (good | {"Signature-Input": "sig=canary"}, None, "malformed"),
        "no bytes": (good | {"Signature": 'sig="canary"'}, None, "malformed"),
        "other letters": (good | {"Signature-Input": "sig=(\u00e9)"}, None, "malformed"),
        "endless": (good | {"Signature-Input": "sig=(" + '"a" ' * 3_000 + ")"}, None, "malformed"),
    }
    attempts |= {what: (headers, None, why) for what, (headers, why) in _tampered(good).items()}
    heard = {what: await refused(headers, raw=raw) for what, (headers, raw, _) in attempts.items()}
    assert heard == {what: why for what, (_, _, why) in attempts.items()}
    assert (await signer.world.get("/v1/alerts", key=signer.secret)).json()["type"] == "/problems/signature-required"
    less = {"Signature-Input": good["Signature-Input"].replace('"@method" "@target-uri" ', "")}
    answer = await signer.sends(good | less)
    assert answer.json()["missing"] == ["@method", "@target-uri"]
    assert (await signer.sends(good)).status_code == 201
    listed = made(method="GET", raw=b"")
    assert (await signer.world.client.get("/v1/alerts", headers=listed)).json()["items"] != []
    async with signer.world.runtime.db.session() as session:
        assert await session.fetchval("select count(*) from alerts") == 1


def _key_id(headers: Mapping[str, str]) -> str:
    found = re.search('keyid="([^"]*)"', headers["Signature-Input"])
    assert found
    return found[1]


async def test_a_signature_counts_once_on_all_nodes_and_only_for_a_while(signer: Signer) -> None:
    world, clock = signer.world, signer.world.clock
    transport = httpx.ASGITransport(application(replace(world.runtime, known_keys={})))
    good = signer.made()
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as other:
        answers = await asyncio.gather(*(signer.sends(good, client=each) for each in (None, other, None, other)))
        assert sorted(each.status_code for each in answers) == [201, 401, 401, 401]
        assert {each.json()["reason"] for each in answers if each.status_code == 401} == {"replayed"}
        # A repeated request of the same Idempotency-Key is signed anew, and is the same alert.
        again = signer.made(once=good["Idempotency-Key"])
        answer = await signer.sends(again, client=other)
        assert (answer.status_code, answer.headers["Idempotency-Replayed"]) == (200, "true")
    late = signer.made()
    clock.at += timedelta(seconds=121)
    assert await signer.refused(late) == "not_now"
    clock.at += timedelta(seconds=301)
    early = signer.made()
    clock.at -= timedelta(seconds=301)
    assert await signer.refused(early) == "not_now"
    told = (await signer.sends(early)).json()
    assert told["now"] == "2026-10-14T00:02:01Z"
    clock.at += timedelta(seconds=2)
    assert (await signer.sends(early)).status_code == 201
    await forget(world.runtime.db, now=clock.at)
    assert await signer.refused(early) == "replayed"


async def test_keys_overlap_are_in_force_at_once_and_one_always_stays(desk: Desk, signer: Signer) -> None:
    world, number = desk.world, (await desk.asks("GET", "/v1/keys")).json()["items"][-1]["id"]
    assert (await signer.sends(signer.made())).status_code == 201
    old = (await desk.listed(number))["signing"]["keys"][0]["public_key"]
    private, public, _ = pair_of_keys()
    new = Signer(world, signer.secret, private)
    assert await new.refused(new.made()) == "unknown_key"
    ends = "2026-10-14T01:00:00Z"
    both = [{"public_key": old, "expires_at": ends}, {"public_key": public}]
    await _registers(desk, number, {"required": True, "keys": both})
    assert [(await each.sends(each.made())).status_code for each in (signer, new)] == [201, 201]
    world.clock.at += timedelta(hours=1)
    assert await signer.refused(signer.made()) == "unknown_key"
    assert (await new.sends(new.made())).status_code == 201
    successor = (await desk.asks("POST", f"/v1/keys/{number}/rotation", {})).json()
    assert successor["signing"]["required"]
    following = Signer(world, successor["secret"], private)
    assert (await following.sends(following.made())).status_code == 201
    # A signature that is sent is checked, wanted or not.
    await _registers(desk, number, {"keys": [{"public_key": public}]})
    assert (await new.sends({**_unsigned(new.made())})).status_code == 201
    assert await new.refused(new.made() | {"Signature": "sig=:AAAA:"}) == "wrong"
    later = "2027-01-01T00:00:00Z"
    for wrong, pointer in (
        ({"required": True}, "/signing/required"),
        (
            {"required": True, "keys": [{"public_key": public, "expires_at": later}]},
            "/signing/required",
        ),
        ({"keys": [{"public_key": public, "expires_at": ends}]}, "/signing/keys/0/expires_at"),
        ({"keys": [{"public_key": public}, {"public_key": public}]}, "/signing/keys"),
        ({"keys": [{"public_key": private.decode()}]}, "/signing/keys/0/public_key"),
        ({"keys": [{"public_key": _RSA}]}, "/signing/keys/0/public_key"),
    ):
        told = await _registers(desk, number, wrong, status=422)
        assert [each["pointer"] for each in told["errors"]] == [pointer], wrong
        assert private.decode()[40:60] not in json.dumps(told)


async def test_a_signed_stream_goes_on_while_the_key_stands_and_whatever_else_is_asked(
    desk: Desk, signer: Signer
) -> None:
    world, number = desk.world, (await desk.asks("GET", "/v1/keys")).json()["items"][-1]["id"]
    reference = (await signer.sends(signer.made())).json()["reference"]
    path = f"/v1/alerts/{reference}/stream"
    headers = signer.made(method="GET", url=f"{PUBLIC}{path}")
    async with (
        doors(world.runtime, port=0) as port,
        following(world, f"http://127.0.0.1:{port}", path, key=signer.secret, headers=headers) as events,
    ):
        async with asyncio.timeout(30):
            assert (await anext(events))["event"] == "opened"
            world.clock.at += timedelta(minutes=10)
            for _ in range(KEY.burst):
                world.runtime.pace.take("key", number, limit=KEY, now=world.clock.at)
            await world.settles()
            while (await anext(events))["event"] != "message_accepted":
                pass
            assert (await world.client.get(path, headers=headers)).json()["reason"] == "not_now"
            await _registers(desk, number, {"required": True, "keys": [{"public_key": pair_of_keys()[1]}]})
            world.runtime.bell.ring("*")
            async for _ in events:
                pass


async def test_what_a_proxy_signs_stands_in_the_way_of_no_person(world: World) -> None:
    somebody = await person(world, "ada@us.example.org", name="Ada", role="requester", party="US", authority="Desk")
    signed = {"Signature": "p=:AAAA:", "Signature-Input": 'p=("@authority");created=1;keyid="proxy"'}
    headers = {"Authorization": f"Bearer {somebody.token}"} | signed
    assert (await world.client.get("/v1/alerts", headers=headers)).status_code == 200


_RSA = "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAJ5u\n-----END PUBLIC KEY-----\n"


def _unsigned(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if not name.startswith("Signature")}


async def test_it_is_known_who_signed(signer: Signer, world: World) -> None:
    seen: list[bool] = []

    class Watched(dict[bytes, Actor]):
        """Whose keys were seen: the doors keep nobody as signed, for the next request may not be."""

        def __setitem__(self, name: bytes, actor: Actor) -> None:
            seen.append(actor.signed)
            super().__setitem__(name, actor)

    runtime = replace(world.runtime, known_keys=Watched())
    for times in (1, 2):
        request = _request(runtime, signer.made())
        assert (await known_caller(runtime, request)).signed, times
    request = _request(runtime, {"Authorization": f"Bearer {world.requester}"})
    assert not (await known_caller(runtime, request)).signed
    assert seen == [False, False]


def _request(runtime: Runtime, headers: Mapping[str, str]) -> Request:
    raw = (json.dumps(example("preservation") | {"requested_party": "FR"})).encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw}

    scope = {"type": "http", "method": "POST", "path": "/v1/alerts", "raw_path": b"/v1/alerts", "query_string": b""}
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Request(scope | {"headers": lines, "client": ("127.0.0.1", 1)}, receive)
