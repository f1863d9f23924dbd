"""Signed requests (HTTP Message Signatures, RFC 9421, Ed25519): checked wherever one is sent, or must be.

What a signature must cover is decided in `rules.signing`; the library makes the words that are signed, and checks.
"""

import hashlib
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageSignaturesException, HTTPMessageVerifier, algorithms
from starlette.requests import Request

from contactpoints.api.bodies import body
from contactpoints.rules.access import Actor
from contactpoints.rules.refusals import SignatureRefused, SignatureRequired
from contactpoints.rules.signing import WHERE_SENT, Signing, known_until, must_be_now, must_cover
from contactpoints.runtime import Runtime

_HEADERS = ("signature", "signature-input")
_LONGEST = 8_192
_WRONG = (
    "The signature is not by the key that it names over this request as it came here. Compare the words that you sign "
    "with docs/signing.md: above all @target-uri, which begins with the public address of the service."
)
_UNKNOWN = "No public key of this API key has that fingerprint (keyid), or its time is over."


class _Lines:
    """The lines of the header, as they came."""

    def __init__(self, request: Request) -> None:
        self._lines = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]

    def items(self) -> list[tuple[str, str]]:
        """Return each line, in order."""
        return self._lines


class _Message:
    """A request as whoever signed it sent it: to the public address, whatever a proxy made of that."""

    def __init__(self, runtime: Runtime, request: Request) -> None:
        path, query = request.scope["raw_path"].decode("latin-1"), request.scope["query_string"].decode("latin-1")
        self.method = request.method
        self.url = f"{runtime.settings.public_url}{path}{'?' if query else ''}{query}"
        self.headers = _Lines(request)


class _Keys:
    """The public keys of one API key: whoever names another one is not known."""

    def __init__(self, signing: Signing, now: datetime) -> None:
        self._signing, self._now = signing, now

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        """Return the key that a signature names. Raises `_Unknown`, which the library passes on."""
        public = self._signing.key(key_id, now=self._now)
        if public is None:
            raise _Unknown
        return Ed25519PublicKey.from_public_bytes(public)


class _Unknown(HTTPMessageSignaturesException):
    pass


class _Verifier(HTTPMessageVerifier):
    """The library's, with our clock, and with what a signature must cover looked at before anything is reckoned."""

    def __init__(self, signing: Signing, *, now: datetime, sent: frozenset[str]) -> None:
        keys: Any = _Keys(signing, now)
        super().__init__(signature_algorithm=algorithms.ED25519, key_resolver=keys)
        self._now, self._sent = now, sent

    def validate_created_and_expires(self, sig_input: Any, max_age: object = None) -> None:
        """Raise `SignatureRefused` for what leaves something out, or is of another time."""
        parameters = dict(sig_input.params)
        # One with parameters of its own covers a part of what it names, or something else.
        must_cover([each.value for each in sig_input if not each.params], parameters, sent=self._sent)
        must_be_now(parameters, now=self._now)


async def signed(runtime: Runtime, request: Request, *, actor: Actor) -> Actor:
    """Return the actor, ``signed`` where the request bears a signature of one of its keys that counts.

    Nothing is done for a request without one, of a key that need not sign. Raises `SignatureRequired`, or
    `SignatureRefused` with its ``reason``; and as `bodies.body`, which it reads.
    """
    if not any(name in request.headers for name in _HEADERS):
        if not actor.signing.required:
            return actor
        told = "Requests of this key are signed (RFC 9421): send Signature-Input and Signature, see docs/signing.md."
        raise SignatureRequired(told)
    raw, now = await body(request), runtime.now()
    if (by := getattr(request.state, "signed_by", None)) is not None:
        # It counted: a stream that is looked into again is the same request, and so is what changed meanwhile.
        if actor.signing.key(by, now=now) is None:
            raise SignatureRefused(_UNKNOWN, reason="unknown_key")
        return replace(actor, signed=True)
    by, mark, until = _checked(_Message(runtime, request), request, signing=actor.signing, raw=raw, now=now)
    if not await runtime.take_signature.do((mark, secrets.token_bytes(16), until)):
        told = "This signature came before: sign again, with a nonce that is new. An Idempotency-Key may come again."
        raise SignatureRefused(told, reason="replayed")
    request.state.signed_by = by
    return replace(actor, signed=True)


def _checked(
    message: _Message, request: Request, *, signing: Signing, raw: bytes, now: datetime
) -> tuple[str, bytes, datetime]:
    """Return by which key a signature that counts is, by what it is known again, and until when it could come again."""
    if any(len(value) > _LONGEST for name in _HEADERS for value in request.headers.getlist(name)):
        raise SignatureRefused("Signature-Input and Signature are too long.", reason="malformed")
    sent = {each for each in WHERE_SENT if each in request.headers} | ({"content-digest"} if raw else set())
    verifier = _Verifier(signing, now=now, sent=frozenset(sent))
    try:
        (found,) = verifier.verify(message)
    except HTTPMessageSignaturesException as failure:
        raise _refused(failure) from None
    try:
        verifier.verify_body(message, [found], raw)
    except HTTPMessageSignaturesException:
        told = "Content-Digest is not that of the body (RFC 9530: sha-256 or sha-512, of the bytes as they are sent)."
        raise SignatureRefused(told, reason="digest") from None
    by = str(found.parameters["keyid"])
    mark = hashlib.sha256(f"{by} {found.nonce}".encode()).digest()
    return by, mark, datetime.fromtimestamp(known_until(found.parameters), UTC)


def _refused(failure: HTTPMessageSignaturesException) -> SignatureRefused:
    """Return why a signature does not count; what the library says may quote what was sent, and is told nobody."""
    cause = failure.__cause__
    if isinstance(cause, _Unknown):
        return SignatureRefused(_UNKNOWN, reason="unknown_key")
    if cause is not None and type(cause).__name__ == "InvalidSignature":
        return SignatureRefused(_WRONG, reason="wrong")
    told = "One signature is wanted: Signature-Input and Signature with the same label, as in docs/signing.md."
    return SignatureRefused(told, reason="malformed")
