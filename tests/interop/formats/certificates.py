"""Keys and certificates of an issuer that is not ours."""

import base64
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

ISSUER = "https://peer.example"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk_of(key):
    """A private P-256 key as a JWK."""
    numbers = key.private_numbers()
    public = numbers.public_numbers
    members = {"x": public.x, "y": public.y, "d": numbers.private_value}
    return {"kty": "EC", "crv": "P-256"} | {
        name: base64url(number.to_bytes(32, "big")) for name, number in members.items()
    }


def public_jwk_of(certificate):
    """The P-256 key of a DER certificate as a JWK."""
    public = x509.load_der_x509_certificate(certificate).public_key().public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": base64url(public.x.to_bytes(32, "big")),
        "y": base64url(public.y.to_bytes(32, "big")),
    }


class PeerIssuer:
    """A P-256 key under a root of its own, for the issuer https://peer.example."""

    def __init__(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        root_key, self.key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root of the peer")])

        def begin(subject, public_key):
            return (
                x509.CertificateBuilder()
                .subject_name(subject)
                .issuer_name(root_name)
                .public_key(public_key)
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(hours=1))
                .not_valid_after(now + datetime.timedelta(days=30))
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
                .add_extension(
                    x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
                )
            )

        def usage(**granted):
            every = [
                "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
            ]
            return x509.KeyUsage(**{name: granted.get(name, False) for name in every})

        root = (
            begin(root_name, root_key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
            .sign(root_key, hashes.SHA256())
        )
        leaf = (
            begin(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Peer")]), self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage(digital_signature=True), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(ISSUER)]), critical=False
            )
            .sign(root_key, hashes.SHA256())
        )
        self.x5c = [base64.b64encode(leaf.public_bytes(Encoding.DER)).decode()]
        self.anchor = base64.b64encode(root.public_bytes(Encoding.DER)).decode()

    def trusted(self):
        """The entry of a trust list."""
        return {
            "identifier": ISSUER,
            "name": "Peer",
            "credential_types": ["*"],
            "anchors": [self.anchor],
        }
