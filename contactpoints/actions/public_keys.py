"""Public keys as they are kept: read, and with a fingerprint of our own reckoning."""

from collections.abc import Iterable, Iterator

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from contactpoints.rules.public_keys import openpgp_fingerprint
from schemas.faults import Fault
from schemas.public_keys import PublicKey


def with_fingerprints(keys: Iterable[PublicKey | None]) -> tuple[list[dict[str, str | None]], list[Fault]]:
    """Return the keys as they are written down, and what is wrong with them; faulty ones (None) are passed over."""
    kept: list[dict[str, str | None]] = []
    faults: list[Fault] = []
    places: list[int] = []
    for place, key in enumerate(keys):
        if key is None or key.kind is None:
            continue
        places.append(place)
        own = key.fingerprint
        try:
            own = _fingerprint(key)
        except ValueError:
            faults.append(Fault(f"/public_keys/{place}/key", "wrong_form", "Cannot be read as a key of this kind."))
        if key.fingerprint not in (None, own):
            detail = "Is not the fingerprint of the key."
            faults.append(Fault(f"/public_keys/{place}/fingerprint", "other_key", detail))
        kept.append({"kind": key.kind, "key": key.key, "fingerprint": own})
    faults.extend(_twice(kept, places))
    return kept, faults


def _twice(kept: list[dict[str, str | None]], places: list[int]) -> Iterator[Fault]:
    known = [each["fingerprint"] for each in kept]
    for number, fingerprint in enumerate(known):
        if fingerprint is not None and fingerprint in known[:number]:
            yield Fault(f"/public_keys/{places[number]}", "twice", "The same key stands in the list before.")


def _fingerprint(key: PublicKey) -> str | None:
    """Raises `ValueError` where the key cannot be read."""
    if key.key is None:
        return key.fingerprint
    if key.kind == "openpgp":
        return openpgp_fingerprint(key.key)
    return x509.load_pem_x509_certificate(key.key.encode()).fingerprint(SHA256()).hex().upper()
