"""Keys by which whoever writes to a contact point can seal the words: OpenPGP and S/MIME.

One block of armour and nothing beside it, so that no private key comes along with the public one by mistake.
What is inside the armour is looked at where the fingerprint is computed.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from schemas.faults import form, wrong
from schemas.fields import Shape

_INSIDE = "([^-]|-{1,4}[^-])*"


def _block(label: str) -> str:
    return f"-----BEGIN {label}-----{_INSIDE}-----END {label}-----"


_KEY = form(
    rf"^({_block('PGP PUBLIC KEY BLOCK')}|{_block('CERTIFICATE')})$",
    "must be one armoured OpenPGP public key, or one X.509 certificate in PEM, and nothing beside it",
)
_FINGERPRINT = form("^([0-9A-F]{40}|[0-9A-F]{64})$", "must be 40 or 64 hexadecimal digits in capitals, without spaces")

_Armoured = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000, pattern=_KEY)]
_Fingerprint = Annotated[str, StringConstraints(pattern=_FINGERPRINT)]


class PublicKey(Shape):
    """A public key, and its fingerprint: of an OpenPGP key its own, of a certificate the SHA-256.

    The fingerprint is computed from the key, and one that is given too has to be the same. Of an OpenPGP key the
    fingerprint alone may be given.
    """

    kind: Literal["openpgp", "smime"]
    key: _Armoured | None = None
    fingerprint: Annotated[_Fingerprint | None, Field(validate_default=True)] = None

    @field_validator("key")
    @classmethod
    def _is_of_its_kind(cls, key: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if key is not None and kind is not None and key.startswith("-----BEGIN PGP") != (kind == "openpgp"):
            raise wrong("wrong_form", "must be an OpenPGP key for openpgp, and a certificate for smime")
        return key

    @field_validator("fingerprint")
    @classmethod
    def _has_a_key_or_is_of_openpgp(cls, fingerprint: str | None, info: ValidationInfo) -> str | None:
        alone = info.data.get("kind", "openpgp") == "openpgp" and fingerprint is not None
        if "key" in info.data and info.data["key"] is None and not alone:
            raise wrong("missing", "is required where there is no key; for smime the key itself is required")
        return fingerprint
