"""A device that keeps a passkey, in software, and a browser that asks it: honest, or lying as a test wants it to.

Signed by ECDSA over P-256 with the attestation "none", as most telephones do.
"""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
_SIGNED = ec.ECDSA(hashes.SHA256())


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Device:
    """A device and its one passkey. ``origin`` is that of the page in its browser, ``host`` whose passkey it is.

    A device whose ``count`` is None does not count, as one that copies its passkeys to others of the same person.
    """

    origin: str
    host: str
    count: int | None = None
    flags: int = PRESENT | VERIFIED
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def makes(self, asked: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """Make a passkey, as `navigator.credentials.create` and `toJSON` would."""
        x, y = (each.to_bytes(32, "big") for each in self._point())
        cose = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cose
        data = self._data(self.flags | ATTESTED) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        said = self._client("webauthn.create", asked, lies=lies)
        return self._credential(clientDataJSON=said, attestationObject=attestation)

    def shows(self, asked: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """Show the passkey, as `navigator.credentials.get` and `toJSON` would."""
        if self.count is not None:
            self.count += 1
        said, data = self._client("webauthn.get", asked, lies=lies), self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(said).digest(), _SIGNED)
        return self._credential(clientDataJSON=said, authenticatorData=data, signature=signature)

    def _point(self) -> tuple[int, int]:
        numbers = self.key.public_key().public_numbers()
        return numbers.x, numbers.y

    def _client(self, kind: str, asked: dict[str, Any], *, lies: dict[str, Any]) -> bytes:
        said = {
            "type": kind,
            "challenge": asked["public_key"]["challenge"],
            "origin": self.origin,
            "crossOrigin": False,
        }
        return json.dumps(said | lies).encode()

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + (self.count or 0).to_bytes(4, "big")

    def _credential(self, **response: bytes) -> dict[str, Any]:
        told = {name: encoded(raw) for name, raw in response.items()}
        name = encoded(self.credential)
        return {"id": name, "rawId": name, "type": "public-key", "response": told, "clientExtensionResults": {}}


def tampered(credential: dict[str, Any], part: str) -> dict[str, Any]:
    """Return a credential with one bit changed at the end of a part of its response."""
    raw = urlsafe_b64decode(credential["response"][part] + "===")
    changed = raw[:-1] + bytes([raw[-1] ^ 1])
    return credential | {"response": credential["response"] | {part: encoded(changed)}}
