"""A provider that vouches for the app and for its keys, before an issuer of the high-assurance profile."""

import asyncio
import base64
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

import symbolon
from people import PemKeys, certificates
from resident import Browser

CLIENT = symbolon.AppClient(client_id="symbolon-wallet", redirect_uri="http://127.0.0.1:9/callback")
LIFETIME = 300


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(der):
    numbers = serialization.load_der_public_key(der).public_numbers()
    x, y = (base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


class Provider:
    """Has the key of the installation's wallet provider."""

    def __init__(self, installation):
        keys = installation.folder / "data" / "keys"
        self.key = PemKeys(keys / "wallet-provider.key.pem").key
        self.chain = [base64.b64encode(der).decode() for der in certificates(keys / "wallet-provider.chain.pem")]

    def sign(self, kind, claims):
        header = {"alg": "ES256", "typ": kind, "x5c": self.chain}
        now = int(time.time())
        claims = {"iat": now, "exp": now + LIFETIME, **claims}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        r, s = utils.decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


class Attester(symbolon.WalletAttester):
    """An instance key for each server, and an attestation of it."""

    def __init__(self, provider):
        self.provider, self.keys, self.asked = provider, {}, []

    async def attest(self, server, wanted):
        self.asked.append(wanted)
        key = self.keys.setdefault(server, ec.generate_private_key(ec.SECP256R1()))
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        claims = {"iss": "https://wallet-provider.invalid", "sub": CLIENT.client_id, "cnf": {"jwk": jwk(public)}}
        jwt = self.provider.sign("oauth-client-attestation+jwt", claims)
        return symbolon.WalletAttestation(jwt=jwt, handle=server, public_key=public)

    def sign(self, handle, bytes):
        return symbolon.SigningOutcome.SIGNED(signature=self.keys[handle].sign(bytes, ec.ECDSA(hashes.SHA256())))


class KeyAttester(symbolon.KeyAttester):
    def __init__(self, provider):
        self.provider, self.attested = provider, 0

    async def attest_keys(self, public_keys, nonce):
        self.attested += len(public_keys)
        claims = {"attested_keys": [jwk(der) for der in public_keys]}
        if nonce is not None:
            claims["nonce"] = nonce
        return self.provider.sign("key-attestation+jwt", claims)


class Absent(symbolon.WalletAttester):
    async def attest(self, server, wanted):
        raise symbolon.AttestationFailure.Unavailable()

    def sign(self, handle, bytes):
        raise symbolon.KeyFailure.Unknown()


async def is_vouched_for(scene):
    """Receives three copies of both formats that the profile has, by one sign-in."""
    provider = Provider(scene.installation)
    attester, key_attester = Attester(provider), KeyAttester(provider)
    more = {"client": CLIENT, "attester": attester, "key_attester": key_attester, "copies": 3}
    wallet = scene.wallet("attested.redb", **more)
    shown = await wallet.ask_issuer(scene.installation.issuer, ["NationalIdentity", "NationalIdentityMdoc"])
    outcome = await wallet.accept_offer(shown.flow, None)
    assert outcome.is_SIGN_IN_NEEDED(), outcome
    back = await asyncio.to_thread(Browser(scene.installation).sign_in, outcome.url)
    outcome = await wallet.complete_sign_in(shown.flow, back)
    assert outcome.is_STORED() and len(outcome.credentials) == 2, outcome
    assert key_attester.attested == 6 and attester.asked, key_attester.attested
    for name in ["age-over-18", "age-over-18-mdoc"]:
        made = json.loads(scene.installation.run("request", "create", "--query", name, "--json"))
        consent = await wallet.present(made["authorization_request"])
        outcome = await wallet.answer_request(consent.flow, symbolon.Decision.SHARE(choice=consent.smallest_choice))
        assert outcome.is_PRESENTED(), outcome
        scene.was_found_valid(made["request_id"])

    unknown = scene.wallet("unknown.redb", client=CLIENT, attester=Absent(), key_attester=key_attester)
    shown = await unknown.ask_issuer(scene.installation.issuer, ["NationalIdentity"])
    failed = await scene.expect_async(symbolon.WalletError.DeviceFailed, unknown.accept_offer(shown.flow, None))
    assert failed.fault == symbolon.DeviceFault.ATTESTATION, failed
    stranger = scene.wallet("stranger.redb", client=CLIENT, key_attester=key_attester)
    shown = await stranger.ask_issuer(scene.installation.issuer, ["NationalIdentity"])
    refused = await stranger.accept_offer(shown.flow, None)
    assert refused.is_REFUSED() and refused.refusal == symbolon.ReceiptRefusal.NOT_SUPPORTED, refused
