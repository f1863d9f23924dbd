"""The directory on paper: signed, encrypted on request, and with nobody's number for those who may not know it."""

import io
import re
import ssl
from typing import Any

import httpx
import pytest
from asn1crypto import cms
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.x509 import load_pem_x509_certificate
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from contactpoints.paper.booklet import draw
from contactpoints.rules.address_book import Block, front
from contactpoints.rules.numbers import spaced
from contactpoints.words import catalogues
from tests.api.conftest import KeyOf
from tests.world import START, World

_PASSWORD = "seven blue herons"


async def _printed(world: World, key: str, **asked: Any) -> bytes:
    answer = await world.post("/v1/address-book", asked, key=key)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf"), answer.text[:300]
    return answer.content


def _text(pdf: bytes, password: str | None = None) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf), password=password).pages)


def _verified(pdf: bytes, pem: bytes) -> bool:
    """Say whether a PDF is signed, from its first byte to its last, with the key of a certificate.

    By the standards and not by the library that signed: ISO 32000-2 section 12.8, RFC 5652 section 5.4.
    """
    told = re.search(rb"/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+) ?\]", pdf)
    assert told is not None
    first, length, second, rest = (int(each) for each in told.groups())
    assert (first, second + rest) == (0, len(pdf))
    inside = bytes.fromhex(pdf[length:second].strip(b"<>").decode())
    signed = cms.ContentInfo.load(inside)["content"]
    (signer,) = signed["signer_infos"]
    attributes = {each["type"].native: each["values"][0].native for each in signer["signed_attrs"]}
    digest = Hash(SHA256())
    digest.update(pdf[:length] + pdf[second:])
    assert ssl.PEM_cert_to_DER_cert(pem.decode()) in [each.chosen.dump() for each in signed["certificates"]]
    key = load_pem_x509_certificate(pem).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    try:
        key.verify(signer["signature"].native, signer["signed_attrs"].untag().dump(), ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return bool(attributes["message_digest"] == digest.finalize())


async def test_the_directory_is_printed_signed_and_dated(world: World, key_of: KeyOf) -> None:
    made = await _printed(world, await key_of("administrator", "FR"), party="FR")
    answer: httpx.Response = await world.client.get("/v1/address-book/certificate")
    assert _verified(made, answer.content)
    assert not _verified(made.replace(b"/MediaBox", b"/MediaBux"), answer.content)
    text = _text(made)
    fingerprint = load_pem_x509_certificate(answer.content).fingerprint(SHA256()).hex().upper()
    assert fingerprint in "".join(text.split())
    assert "As of 2026-10-14 00:00 UTC - good until 2026-11-13" in text
    assert re.search(r"page 1 of \d", text)
    assert "/v1/address-book/certificate" in text
    france = world.network["FR"]
    for each in france.officers:
        assert each.name in text
        assert spaced(each.sms) in text
    assert re.search("Carries out ?\n?.*Expedited preservation", text), "what it does stands beside how it does it"


async def test_outsiders_get_functions_and_no_officer(world: World, key_of: KeyOf) -> None:
    text = _text(await _printed(world, await key_of("requester", "US"), party="FR"))
    france = world.network["FR"]
    assert france.name in text
    for each in france.officers:
        assert each.name not in text
        assert spaced(each.sms) not in text
        assert each.email not in text
    assert "Names and numbers of the officers are for their own Party alone." in " ".join(text.split())


async def test_with_a_password_it_opens_with_it_alone_and_is_signed_all_the_same(world: World, key_of: KeyOf) -> None:
    made = await _printed(world, await key_of("administrator", "FR"), party="FR", password=_PASSWORD)
    for other in (None, "seven blue heron"):
        with pytest.raises(PyPdfError):
            _text(made, other)
    assert world.network["FR"].officers[0].name in _text(made, _PASSWORD)
    assert _verified(made, (await world.client.get("/v1/address-book/certificate")).content)


async def test_what_cannot_be_printed_is_refused(world: World, key_of: KeyOf) -> None:
    key = await key_of("secretariat")
    for asked, status, pointer in (
        ({"password": "4711-tiny"}, 422, "/password"),
        ({"party": "France"}, 422, "/party"),
        ({"surprise": 1}, 422, "/surprise"),
        ({"party": "QQ"}, 422, "/party"),
        ({"party": "QQ", "password": ""}, 422, "/party /password"),
    ):
        answer = await world.post("/v1/address-book", asked, key=key)
        assert answer.status_code == status, answer.text
        assert {each["pointer"] for each in answer.json()["errors"]} == set(pointer.split())
        assert "4711-tiny" not in answer.text


def test_names_in_many_alphabets_are_printed() -> None:
    names = ("Διεύθυνση", "Департамент", "ცენტრალური", "Ørsted Ğüneş", "יחידה", "إدارة")
    blocks = [Block("Party", (name,), ("24/7",), (("Local time", "UTC"),), ()) for name in names]
    first = front(whom="x", now=START, fingerprint="AB" * 32, where="y", words=catalogues()["fr"])
    text = _text(draw(first, blocks, now=START, password=None, owner="x"))
    for name in names[:4]:
        assert name in text
    assert "Répertoire" in text
