"""What a contact point says of itself: whom it is linked with, and its keys, on a real PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from contactpoints.actions import directory
from contactpoints.actions.directory import Kept
from contactpoints.rules.access import Actor, Role
from contactpoints.rules.refusals import Invalid, StillReferredTo
from schemas.directory import ContactPoint
from schemas.examples import ENTRY_EXAMPLES
from schemas.reading import validate
from tests.rules.test_public_keys import FINGERPRINT, KEY
from tests.world import START, World

_OF_FRANCE = Actor(2, Role.ADMINISTRATOR, "FR", "Permanence")
_BODY = dict(ENTRY_EXAMPLES["contact_points"]["an institution"]) | {"backup_id": None}


async def _create(world: World, **values: Any) -> Kept:
    return await directory.create(
        world.runtime.db,
        "contact_points",
        actor=_OF_FRANCE,
        body=validate(ContactPoint, _BODY | values),
        now=START,
        tools=world.runtime.tools,
    )


async def _change(world: World, kept: Kept, **values: Any) -> Kept:
    return await directory.change(
        world.runtime.db,
        "contact_points",
        actor=_OF_FRANCE,
        key=kept.entry["id"],
        version=kept.entry["version"],
        body=validate(ContactPoint, _BODY | values),
        now=START,
        tools=world.runtime.tools,
    )


async def test_links_lead_to_the_same_party_or_to_the_secretariat(world: World) -> None:
    france, secretariat = world.network["FR"].contact_point, world.network[None].contact_point
    kept = await _create(world, backup_id=france, central_authority_id=secretariat)
    assert (kept.entry["backup_id"], kept.entry["central_authority_id"]) == (france, secretariat)
    with pytest.raises(Invalid) as caught:
        await _create(world, backup_id=world.network["JP"].contact_point, central_authority_id=4711)
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [
        ("/central_authority_id", "unknown"),
        ("/backup_id", "unknown"),
    ]


async def test_what_another_contact_point_relies_on_is_not_retired(world: World) -> None:
    relied_on = await _create(world)
    await _create(world, backup_id=relied_on.entry["id"])
    with pytest.raises(StillReferredTo):
        await directory.retire(
            *(world.runtime.db, "contact_points"),
            actor=_OF_FRANCE,
            key=relied_on.entry["id"],
            version=1,
            now=START,
            tools=world.runtime.tools,
        )


async def test_back_ups_never_lead_back(world: World) -> None:
    first, second = await _create(world), await _create(world)
    third = await _create(world, backup_id=second.entry["id"])
    first = await _change(world, first, backup_id=third.entry["id"])
    for behind, code in ((second, "itself"), (third, "ring"), (first, "ring")):
        with pytest.raises(Invalid) as caught:
            await _change(world, second, backup_id=behind.entry["id"])
        assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/backup_id", code)]


async def test_of_two_who_close_a_ring_at_the_same_time_one_is_refused(world: World) -> None:
    for _ in range(5):
        first, second = await _create(world), await _create(world)
        came = await asyncio.gather(
            _change(world, first, backup_id=second.entry["id"]),
            _change(world, second, backup_id=first.entry["id"]),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in came) == ["Invalid", "Kept"]


def _certificate() -> x509.Certificate:
    key, name = Ed25519PrivateKey.generate(), x509.Name([])
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(35).not_valid_before(begun).not_valid_after(begun + timedelta(days=365))
    return made.sign(key, None)


async def test_the_fingerprint_of_a_key_is_computed_and_another_one_is_refused(world: World) -> None:
    certificate = _certificate()
    pem = certificate.public_bytes(Encoding.PEM).decode().strip()
    keys = [{"kind": "openpgp", "key": KEY}, {"kind": "smime", "key": pem}]
    kept = await _create(world, public_keys=keys)
    fingerprints = [each["fingerprint"] for each in kept.entry["public_keys"]]
    assert fingerprints == [FINGERPRINT, certificate.fingerprint(SHA256()).hex().upper()]
    with pytest.raises(Invalid) as caught:
        await _create(
            world,
            public_keys=[
                {**keys[0], "fingerprint": "0" * 40},
                {"kind": "smime", "key": pem.replace("M", "N")},
                {"kind": "openpgp", "fingerprint": FINGERPRINT},
            ],
        )
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [
        ("/public_keys/0/fingerprint", "other_key"),
        ("/public_keys/1/key", "wrong_form"),
        ("/public_keys/2", "twice"),
    ]
