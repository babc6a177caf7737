"""Claim 169: the printed card, from its picture."""

import hashlib
import json
import time
import zlib

import base45
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from formats.certificates import base64url

FORMAT = "Claim 169"
ISSUER = "https://peer.example"
PERSON = {"1": "2301456789", "2": "1.2.0", "4": "Asha Otieno", "8": "19840418", "9": 2}


class Peer:
    def __init__(self, name, ask):
        self.name, self.ask = name, ask


def peer_of_pypi(pypi):
    return Peer(
        f"{pypi.name('cwt')}, {pypi.name('zxing-cpp')}", lambda order: pypi.ask("claim169_peer.py", order)
    )


def compare(ours, peer, run):
    read_ours(ours, peer, run)
    read_theirs(ours, peer, run)


def read_ours(ours, peer, run):
    ours.run("card", "print", "--record", ours.uin, "--out", "card.png")
    picture = ours.folder / "card.png"
    text = peer.ask({"work": "read-picture", "picture": str(picture)})["texts"][0]
    key = ours.own_issuer()["claim169_keys"][0]
    # Cards name their key by its RFC 7638 thumbprint, as bytes.
    order = {"work": "verify", "key_id": thumbprint(key).hex()}

    def accepted():
        answer = peer.ask(order | {"text": text, "key": key})
        assert answer["accepted"], answer["reason"]
        assert answer["claims"]["1"] == ours.issuer, "another issuer"
        person = answer["claims"]["169"]
        assert person["1"] == ours.uin, "another person"
        assert {"4", "8", "62"} <= set(person), "name, date of birth or face is missing"

    def refused(text=text, key=key):
        answer = peer.ask(order | {"text": text, "key": key})
        assert not answer["accepted"], "the peer accepts it"
        assert "Failed to verify" in answer["reason"], f"refused for another reason: {answer['reason']}"

    run("ours-by-theirs", "picture, signature, claims", accepted)
    run("ours-altered", "one bit of the identity data", lambda: refused(alter(text)))
    run("ours-altered", "another issuer's key", lambda: refused(key=public_half(ed25519.Ed25519PrivateKey.generate())))


def read_theirs(ours, peer, run):
    key = ed25519.Ed25519PrivateKey.generate()
    trust = ours.trust_list_with(
        {"identifier": ISSUER, "name": "Peer", "credential_types": ["*"], "claim169_keys": [public_half(key)]}
    )
    now = int(time.time())
    claims = {"1": ISSUER, "4": now + 86_400, "6": now - 60, "169": PERSON}
    text = peer.ask({"work": "issue", "claims": claims, "key": private_half(key)})["text"]

    def accepted():
        _, report = ours.verify(text, trust)
        assert isinstance(report, dict), f"unreadable: {report}"
        assert report["authentic"]["state"] == "authentic", report["authentic"]
        assert report["trusted"]["state"] == "trusted", report["trusted"]
        seen = {report["claims"].get(name) for name in ["id", "full_name", "date_of_birth", "gender"]}
        assert seen == {PERSON["1"], PERSON["4"], "1984-04-18", "female"}, "we read other claims than the peer wrote"

    def refused(text=text, trust=trust):
        code, report = ours.verify(text, trust)
        assert code == 1, f"exit status {code}"
        assert report["authentic"]["state"] != "authentic", "it is held to be authentic"

    run("theirs-by-ours", "signature, claims", accepted)
    run("theirs-altered", "one bit of the identity data", lambda: refused(alter(text)))
    expired = claims | {"4": now - 86_400}
    old = peer.ask({"work": "issue", "claims": expired, "key": private_half(key)})["text"]
    run("theirs-altered", "expired", lambda: refused(old))
    stranger = private_half(ed25519.Ed25519PrivateKey.generate())
    forged = peer.ask({"work": "issue", "claims": claims, "key": stranger})["text"]
    run("theirs-altered", "a stranger's key", lambda: refused(forged))


def alter(text):
    """Another last digit in the person's identifier, inside the signed bytes."""
    token = bytearray(zlib.decompress(base45.b45decode(text)))
    at = token.index(b"\x18\xa9") + 8
    token[at] ^= 1
    return base45.b45encode(zlib.compress(bytes(token), 9)).decode()


def thumbprint(jwk):
    members = {name: jwk[name] for name in ["crv", "kty", "x"]}
    return hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()


def private_half(key):
    private = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return public_half(key) | {"d": base64url(private)}


def public_half(key):
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": base64url(public)}
