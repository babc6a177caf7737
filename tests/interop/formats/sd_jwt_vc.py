"""SD-JWT VC (RFC 9901): credentials with key binding."""

import base64
import json
import re
import time

from cryptography.hazmat.primitives.asymmetric import ec

from formats.certificates import ISSUER, PeerIssuer, base64url, jwk_of, public_jwk_of
from installation import decode, fetch

FORMAT = "SD-JWT VC"
SHOWN = {"given_name": "Asha", "address": {"locality": "Kisumu", "country": "KE"}}
WITHHELD = {"family_name": "Otieno", "birthdate": "1984-04-18"}
# Members of the issuer's JWT that are about the credential, not the person.
TECHNICAL = {"iss", "iat", "nbf", "exp", "cnf", "vct", "status", "_sd_alg", "_sd"}


class Peer:
    def __init__(self, name, ask):
        self.name, self.ask = name, ask


def peer_of_npm(npm):
    return Peer(npm.name("@sd-jwt/sd-jwt-vc"), lambda order: npm.ask("sd-jwt-vc.mjs", order))


def peer_of_pypi(pypi):
    return Peer(pypi.name("sd-jwt"), lambda order: pypi.ask("sd_jwt_peer.py", order))


def compare(ours, peer, run):
    read_ours(ours, peer, run)
    read_theirs(ours, peer, run)


def read_ours(ours, peer, run):
    """A presentation of our wallet, exactly as our verifier gets it."""
    ours.receive("NationalIdentity")
    request = ours.ask("know-your-customer")
    [presentation] = ours.present(request)["customer"]
    _, report = ours.verify(presentation, request=request)
    status_list = fetch(decode(presentation.split(".")[1])["status"]["status_list"]["uri"])
    order = {
        "work": "verify",
        "issuer_key": signer_of(presentation),
        "status_list": {"token": status_list, "key": signer_of(status_list)},
        "nonce": request.nonce,
        "audience": request.audience,
    }

    def accepted():
        answer = peer.ask(order | {"presentation": presentation})
        assert answer["accepted"], answer["reason"]
        seen = {name: value for name, value in answer["claims"].items() if name not in TECHNICAL}
        expected = {name: value for name, value in report["claims"].items() if name not in TECHNICAL}
        assert seen == expected, "the peer reads other claims than we do"
        assert len(seen) >= 3, "too little was disclosed to compare"

    def refused(because, altered=presentation, **changes):
        answer = peer.ask(order | {"presentation": altered} | changes)
        assert not answer["accepted"], "the peer accepts it"
        # A refusal for another reason would hide that the alteration went unnoticed.
        assert re.search(because, answer["reason"], re.IGNORECASE), f"refused for another reason: {answer['reason']}"

    run("ours-by-theirs", "signature, disclosures, key binding, claims", accepted)
    run("ours-altered", "a letter of the issuer's payload", lambda: refused("signature", alter_payload(presentation)))
    run("ours-altered", "a disclosure that was never signed", lambda: refused("sd_hash|digest", add_disclosure(presentation)))
    run("ours-altered", "a disclosure left out after the key binding", lambda: refused("sd_hash|digest", drop_disclosure(presentation)))
    run("ours-altered", "another nonce", lambda: refused("nonce", nonce="another-nonce-of-another-request"))
    run("ours-altered", "another audience", lambda: refused("audience", audience="x509_hash:another"))
    run("ours-altered", "another issuer's key", lambda: refused("signature", issuer_key=public_half(new_key())))


def read_theirs(ours, peer, run):
    """A credential that the peer issued and presented for a request of our verifier."""
    issuer = PeerIssuer()
    trust = ours.trust_list_with(issuer.trusted())
    request = ours.ask("know-your-customer")
    now = int(time.time())
    claims = {"iss": ISSUER, "vct": f"{ISSUER}/types/person", "iat": now - 60, "exp": now + 86_400}
    order = {
        "work": "issue-and-present",
        "issuer_key": jwk_of(issuer.key),
        "x5c": issuer.x5c,
        "holder_key": jwk_of(new_key()),
        "claims": claims | SHOWN | WITHHELD,
        "selectable": [*SHOWN, *WITHHELD],
        "shown": list(SHOWN),
        "nonce": request.nonce,
        "audience": request.audience,
        "issued_at": now,
    }
    presentation = peer.ask(order)["presentation"]

    def judged(text, request=request):
        _, report = ours.verify(text, trust, request)
        assert isinstance(report, dict), f"unreadable: {report}"
        return report

    def accepted():
        report = judged(presentation)
        states = {axis: report[axis]["state"] for axis in ["authentic", "trusted", "holder"]}
        expected = {"authentic": "authentic", "trusted": "trusted", "holder": "proven_by_key"}
        assert states == expected, f"{states}"
        seen = {name: value for name, value in report["claims"].items() if name not in TECHNICAL}
        assert seen == SHOWN, "we read other claims than the peer showed"

    def not_authentic(altered):
        code, report = ours.verify(altered, trust, request)
        assert code == 1, f"exit status {code}"
        assert report["authentic"]["state"] != "authentic", "it is held to be authentic"

    def not_the_holder(altered, request):
        code, report = ours.verify(altered, trust, request)
        assert code == 1, f"exit status {code}"
        assert report["holder"]["state"] == "refuted", report["holder"]["state"]

    run("theirs-by-ours", "signature, disclosures, key binding, claims", accepted)
    run("theirs-altered", "a letter of the issuer's payload", lambda: not_authentic(alter_payload(presentation)))
    run("theirs-altered", "a disclosure that was never signed", lambda: not_authentic(add_disclosure(presentation)))
    run(
        "theirs-altered",
        "a disclosure left out after the key binding",
        lambda: not_the_holder(drop_disclosure(presentation), request),
    )
    other = ours.ask("know-your-customer")
    run("theirs-altered", "the answer to another request", lambda: not_the_holder(presentation, other))


def signer_of(jwt):
    """The key of the certificate in a JWT's header."""
    return public_jwk_of(base64.b64decode(decode(jwt.split(".")[0])["x5c"][0]))


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def public_half(key):
    return {name: value for name, value in jwk_of(key).items() if name != "d"}


def alter_payload(presentation):
    """Another value in the payload: valid JSON, the same length, another meaning."""
    header, payload, rest = presentation.split(".", 2)
    claims = decode(payload)
    claims["exp"] += 1
    return ".".join([header, base64url(json.dumps(claims, separators=(",", ":")).encode()), rest])


def add_disclosure(presentation):
    jwt, rest = presentation.split("~", 1)
    invented = base64url(json.dumps(["c2FsdHNhbHRzYWx0c2FsdA", "nationality", "XX"]).encode())
    return f"{jwt}~{invented}~{rest}"


def drop_disclosure(presentation):
    jwt, *disclosures, key_binding = presentation.split("~")
    return "~".join([jwt, *disclosures[:-1], key_binding])
