"""Provenance as the integrity API serves it, with certificates that say what Fulcio's say, signed by nobody."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

ROOT = "1.3.6.1.4.1.57264.1"
COMMIT, REF, OWNER_ID = f"{ROOT}.13", f"{ROOT}.14", f"{ROOT}.17"
"""Extensions of Fulcio's certificates (sigstore/fulcio, docs/oid-info.md)."""


def provenance(publisher: dict[str, str | None], claims: dict[str, str]) -> bytes:
    """The provenance of a file with one attestation.

    Args:
        publisher: `kind`, `repository`, `workflow`, `environment`.
        claims: values of the certificate by the extension's number; none for a certificate that is none.
    """
    text = certificate(tuple(claims.items())) if claims else b64encode(b"no certificate").decode()
    attestation = {
        "version": 1,
        "verification_material": {"certificate": text, "transparency_entries": [{}]},
        "envelope": {"statement": "", "signature": ""},
    }
    bundle = {"publisher": publisher, "attestations": [attestation]}
    return json.dumps({"version": 1, "attestation_bundles": [bundle]}).encode()


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def certificate(claims: tuple[tuple[str, str], ...]) -> str:
    """A certificate in base64 with these extensions, each a DER-encoded UTF8String."""
    nobody = x509.Name([])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(nobody, nobody, _key().public_key(), 1, begin, begin + timedelta(minutes=10))
    for number, value in claims:
        data = value.encode()
        length = bytes([len(data)]) if len(data) < 128 else bytes([0x81, len(data)])
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(number), b"\x0c" + length + data)
        builder = builder.add_extension(extension, critical=False)
    return b64encode(builder.sign(_key(), hashes.SHA256()).public_bytes(Encoding.DER)).decode()
