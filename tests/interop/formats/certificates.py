"""Keys and certificates of an issuer that is not ours."""

import base64
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
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


def name(common_name, country=None):
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, country)] if country else []
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def usage(**granted):
    every = [
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    ]
    return x509.KeyUsage(**{name: granted.get(name, False) for name in every})


BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# The multicodec of P-256 keys, as the two bytes before a compressed point.
P256_CODE = bytes([0x80, 0x24])


def did_key_of(key):
    """The did:key of a P-256 key."""
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    number, text = int.from_bytes(P256_CODE + point, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = BASE58[digit] + text
    return f"did:key:z{text}"


def public_jwk_of_did_key(url):
    """The P-256 key that a did:key is."""
    number = 0
    for letter in url.split("#")[0].removeprefix("did:key:z"):
        number = number * 58 + BASE58.index(letter)
    code, point = number.to_bytes(35, "big")[:2], number.to_bytes(35, "big")[2:]
    assert code == P256_CODE, f"{url} is of another kind"
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point).public_numbers()
    coordinates = {"x": public.x, "y": public.y}
    return {"kty": "EC", "crv": "P-256"} | {
        name: base64url(number.to_bytes(32, "big")) for name, number in coordinates.items()
    }


class Root:
    """A root of the peer's own."""

    def __init__(self, country=None):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name("Root of the peer", country)

    def begin(self, subject, public_key):
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )

    def finish(self, builder):
        """The certificate, as base64 of its DER."""
        certificate = builder.sign(self.key, hashes.SHA256())
        return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()

    def certificate(self, *extensions):
        builder = (
            self.begin(self.name, self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return self.finish(builder)


class PeerIssuer:
    """A P-256 key under a root of its own, for the issuer https://peer.example."""

    def __init__(self):
        root, self.key = Root(), ec.generate_private_key(ec.SECP256R1())
        leaf = (
            root.begin(name("Peer"), self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage(digital_signature=True), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(ISSUER)]), critical=False)
        )
        self.x5c, self.anchor = [root.finish(leaf)], root.certificate()

    def trusted(self):
        """The entry of a trust list."""
        return {
            "identifier": ISSUER,
            "name": "Peer",
            "credential_types": ["*"],
            "anchors": [self.anchor],
        }


# ISO/IEC 18013-5 Annex B: whoever has it may sign mdocs.
DOCUMENT_SIGNER = x509.ObjectIdentifier("1.0.18013.5.1.2")


class PeerDocumentSigner(PeerIssuer):
    """A document signer of ISO/IEC 18013-5 Annex B under a root of its own, for the issuer https://peer.example."""

    def __init__(self):
        root, self.key = Root("KE"), ec.generate_private_key(ec.SECP256R1())
        contact = x509.IssuerAlternativeName([x509.UniformResourceIdentifier(ISSUER)])
        revoked = x509.CRLDistributionPoints(
            [x509.DistributionPoint([x509.UniformResourceIdentifier(f"{ISSUER}/root.crl")], None, None, None)]
        )
        leaf = (
            root.begin(name("Document signer of the peer", "KE"), self.key.public_key())
            .add_extension(usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([DOCUMENT_SIGNER]), critical=True)
            .add_extension(contact, critical=False)
            .add_extension(revoked, critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(ISSUER)]), critical=False)
        )
        self.x5c, self.anchor = [root.finish(leaf)], root.certificate(contact, revoked)
