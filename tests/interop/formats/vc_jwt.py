"""W3C credentials as vc+jwt, presented as vp+jwt (VC-JOSE-COSE)."""

import json
import re
import time

from cryptography.hazmat.primitives.asymmetric import ec

from formats.certificates import PeerIssuer, base64url, did_key_of, jwk_of, public_jwk_of_did_key
from installation import decode, rfc3339

FORMAT = "W3C VC 2.0 as JWT"
SUBJECT = {"name": "Asha Otieno", "description": "of Kisumu"}
CREDENTIAL = "https://www.w3.org/2018/credentials#VerifiableCredential"
QUERY = {
    "credentials": [
        {
            "id": "credential",
            "format": "jwt_vc_json",
            "meta": {"type_values": [[CREDENTIAL]]},
            "claims": [{"path": ["credentialSubject"]}],
        }
    ]
}


class Peer:
    def __init__(self, name, ask):
        self.name, self.ask = name, ask


def peer_of_npm(npm):
    return Peer(npm.name("jose"), lambda order: npm.ask("vc-jwt.mjs", order))


def compare(ours, peer, run):
    read_ours(ours, peer, run)
    read_theirs(ours, peer, run)


def read_ours(ours, peer, run):
    """A presentation of our wallet, exactly as our verifier gets it."""
    ours.receive("NationalIdentityJwt")
    request = ours.ask(QUERY)
    [[presentation]] = ours.present(request).values()
    _, report = ours.verify(presentation, request=request)
    credential = credential_within(presentation)
    order = {
        "work": "verify",
        "issuer_key": public_jwk_of_did_key(decode(credential.split(".")[0])["kid"]),
        "holder_key": public_jwk_of_did_key(decode(presentation.split(".")[0])["kid"]),
        "nonce": request.nonce,
        "audience": request.audience,
    }

    def accepted():
        answer = peer.ask(order | {"presentation": presentation})
        assert answer["accepted"], answer["reason"]
        theirs, seen = answer["credential"]["credentialSubject"], report["claims"]["credentialSubject"]
        assert theirs == seen, "the peer reads other claims than we do"

    def refused(because, presentation=presentation, **changes):
        answer = peer.ask(order | {"presentation": presentation} | changes)
        assert not answer["accepted"], "the peer accepts it"
        assert re.search(because, answer["reason"], re.IGNORECASE), f"refused for another reason: {answer['reason']}"

    run("ours-by-theirs", "both signatures, nonce, audience, claims", accepted)
    run("ours-altered", "a claim of the presentation", lambda: refused("signature", alter_payload(presentation)))
    run("ours-altered", "another issuer's key", lambda: refused("signature", issuer_key=public_half(new_key())))
    run("ours-altered", "another holder's key", lambda: refused("signature", holder_key=public_half(new_key())))
    run("ours-altered", "another nonce", lambda: refused("nonce", nonce="another"))
    run("ours-altered", "another audience", lambda: refused("audience", audience="x509_hash:another"))


def read_theirs(ours, peer, run):
    """A credential that the peer issued and presented for a request of our verifier."""
    issuer, holder = new_key(), new_key()
    did, holder_did = did_key_of(issuer), did_key_of(holder)
    trust = ours.trust_list_with(PeerIssuer().trusted() | {"dids": [did]})
    request = ours.ask(QUERY)
    now = int(time.time())
    order = {
        "work": "issue-and-present",
        "credential": {
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                "https://www.w3.org/ns/credentials/undefined-terms/v2",
            ],
            "type": ["VerifiableCredential", "PersonCredential"],
            "issuer": did,
            "validFrom": rfc3339(now - 60),
            "validUntil": rfc3339(now + 86_400),
            "credentialSubject": {"id": holder_did, **SUBJECT},
        },
        "issuer_key": jwk_of(issuer),
        "issuer_key_id": key_id(did),
        "holder_key": jwk_of(holder),
        "holder_key_id": key_id(holder_did),
        "nonce": request.nonce,
        "audience": request.audience,
        "issued_at": now,
    }
    presentation = peer.ask(order)["presentation"]

    def accepted():
        _, report = ours.verify(presentation, trust, request)
        assert isinstance(report, dict), f"unreadable: {report}"
        states = {axis: report[axis]["state"] for axis in ["authentic", "trusted", "holder"]}
        assert states == {"authentic": "authentic", "trusted": "trusted", "holder": "proven_by_key"}, f"{states}"
        assert report["claims"]["credentialSubject"] == {"id": holder_did, **SUBJECT}, "we read other claims"

    def refused(axis, state, presentation, request=request):
        code, report = ours.verify(presentation, trust, request)
        assert code == 1, f"exit status {code}: {report}"
        assert report[axis]["state"] == state, report[axis]["state"]

    run("theirs-by-ours", "both signatures, nonce, audience, claims", accepted)
    forged = peer.ask(order | {"issuer_key": jwk_of(new_key())})["presentation"]
    run("theirs-altered", "signed by another key than the issuer's", lambda: refused("authentic", "not_authentic", forged))
    run("theirs-altered", "a claim of the presentation", lambda: refused("holder", "refuted", alter_payload(presentation)))
    stranger = new_key()
    stolen = peer.ask(order | {"holder_key": jwk_of(stranger), "holder_key_id": key_id(did_key_of(stranger))})["presentation"]
    run("theirs-altered", "presented by a stranger", lambda: refused("holder", "refuted", stolen))
    other = ours.ask(QUERY)
    run("theirs-altered", "the answer to another request", lambda: refused("holder", "refuted", presentation, other))


def credential_within(presentation):
    envelopes = decode(presentation.split(".")[1])["verifiableCredential"]
    envelope = envelopes[0] if isinstance(envelopes, list) else envelopes
    return envelope["id"].split(",", 1)[1]


def alter_payload(presentation):
    header, payload, signature = presentation.split(".")
    claims = decode(payload)
    claims["iat"] += 1
    return ".".join([header, base64url(json.dumps(claims, separators=(",", ":")).encode()), signature])


def key_id(did):
    return f"{did}#{did.removeprefix('did:key:')}"


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def public_half(key):
    return {name: value for name, value in jwk_of(key).items() if name != "d"}
