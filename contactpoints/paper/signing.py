"""Signing a PDF (PAdES) with a key of the service's own, whose fingerprint is told where it can be compared.

The key is made from a secret of the service, so that every process has the same and none has to keep it. Nobody vouches
for it but the fingerprint, which is read over https.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SINCE, _UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2056, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seal:
    """The key of the service and its certificate, in which the key vouches for itself."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate, in capitals."""
        return self.certificate.fingerprint(SHA256()).hex().upper()

    @property
    def pem(self) -> bytes:
        """The certificate as it is handed out."""
        return self.certificate.public_bytes(Encoding.PEM)


def seal_of(secret: bytes, *, host: str) -> Seal:
    """Return the seal that is made from a secret of 32 random bytes or more; the same for the same secret and host."""
    number = int.from_bytes(hashlib.sha512(secret).digest(), "big") % (_ORDER - 1) + 1
    key = ec.derive_private_key(number, _CURVE)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"contactpoints at {host}"[:64])])
    usage = dict.fromkeys(
        (
            *("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign"),
            *("crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(hashlib.sha256(b"number of " + secret).digest()[:16], "big") | 1)
        .not_valid_before(_SINCE)
        .not_valid_after(_UNTIL)
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True)
        .sign(key, SHA256(), ecdsa_deterministic=True)
    )
    return Seal(key, made)


def sign(pdf: bytes, seal: Seal, *, password: str | None) -> bytes:
    """Return a PDF with its signature; an encrypted one is opened with its password. Takes its time: use a thread."""
    private = seal.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(seal.certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]  # pyhanko has few types
    )
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    if password is not None:
        writer.encrypt(password)  # type: ignore[no-untyped-call]  # pyhanko has few types
    told = PdfSignatureMetadata(field_name="Service", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    made = PdfSigner(told, signer).sign_pdf(writer)
    return bytes(made.getbuffer())
