"""Credentials of VCDM 1.1 as MOSIP issues them, which Symbolon reads and never makes."""

import copy
import json
import time

from formats.certificates import ISSUER, PeerIssuer
from installation import rfc3339

FORMAT = "W3C VC 1.1 with `RsaSignature2018`"
DIRECTIONS = ["theirs-by-ours", "theirs-altered"]
DID = "did:web:peer.example"
CONTEXT = f"{ISSUER}/contexts/person"
TERMS = f"{ISSUER}/terms#"
PERSON_CONTEXT = {
    "@context": {name: f"{TERMS}{name}" for name in ["PersonCredential", "givenName", "familyName", "gender"]}
    | {"value": "http://www.w3.org/1999/02/22-rdf-syntax-ns#value", "language": f"{TERMS}language"}
}
# A text and its language are objects of MOSIP's own.
PERSON = {"givenName": "Asha", "familyName": "Otieno", "gender": {"language": "eng", "value": "Female"}}
HEADER = {"kid": "key-1", "b64": False, "crit": ["b64"], "alg": "PS256"}


class Peer:
    """jsonld and the RSA of Node, put together as in MOSIP's library."""

    def __init__(self, npm):
        self.name, self.npm = f"{npm.name('jsonld')} and RSA of Node", npm

    def ask(self, work, **order):
        return self.npm.ask("rsa-signature-2018.mjs", {"work": work} | order)


def peer_of_npm(npm):
    return Peer(npm)


def compare(ours, peer, run):
    key, other = peer.ask("make-key"), peer.ask("make-key")
    entry = PeerIssuer().trusted() | {"dids": [DID]}
    method = {
        "id": f"{DID}#key-1", "type": "RsaVerificationKey2018", "controller": DID, "publicKeyPem": key["public"],
    }
    document = {"@context": ["https://www.w3.org/ns/did/v1"], "id": DID, "assertionMethod": [method]}
    trust = ours.trust_list_with(entry, {CONTEXT: PERSON_CONTEXT}, {DID: document})
    now = int(time.time())
    credential = {
        "@context": ["https://www.w3.org/2018/credentials/v1", CONTEXT],
        "id": f"{ISSUER}/credentials/1",
        "type": ["VerifiableCredential", "PersonCredential"],
        "issuer": DID,
        "issuanceDate": rfc3339(now - 60),
        "expirationDate": rfc3339(now + 86_400),
        "credentialSubject": {"id": "did:example:holder", **PERSON},
    }
    proof = {
        "type": "RsaSignature2018",
        "created": rfc3339(now - 60),
        "proofPurpose": "assertionMethod",
        "verificationMethod": f"{DID}#key-1",
    }

    def issue(credential=credential, header=HEADER, key=key):
        order = {"credential": credential, "proof": proof, "header": header, "key": key["secret"]}
        return peer.ask("issue", documents={CONTEXT: PERSON_CONTEXT}, **order)["credential"]

    signed = issue()

    def accepted():
        _, report = ours.verify(json.dumps(signed), trust)
        assert isinstance(report, dict), f"unreadable: {report}"
        states = {axis: report[axis]["state"] for axis in ["authentic", "trusted"]}
        assert states == {"authentic": "authentic", "trusted": "trusted"}, f"{report}"
        subject = dict(report["claims"]["credentialSubject"])
        subject.pop("id")
        assert subject == PERSON, "we read other claims than the peer signed"

    def judged(document, expected):
        code, report = ours.verify(json.dumps(document), trust)
        assert isinstance(report, dict), f"unreadable: {report}"
        assert (code, report["authentic"]["state"]) == expected, f"{code}, {report['authentic']}"
        assert not report["claims"], "claims of a credential that is not authentic"

    def altered(pointer, value):
        changed = copy.deepcopy(signed)
        *path, last = pointer
        within = changed
        for name in path:
            within = within[name]
        within[last] = value
        return changed

    refused = (1, "not_authentic")
    run("theirs-by-ours", "PS256, claims", accepted)
    run("theirs-altered", "a claim", lambda: judged(altered(["credentialSubject", "givenName"], "Mallory"), refused))
    added = altered(["credentialSubject", "language"], "eng")
    run("theirs-altered", "a claim that was never signed", lambda: judged(added, refused))
    run("theirs-altered", "a later end", lambda: judged(altered(["expirationDate"], rfc3339(now + 999_999)), refused))
    run("theirs-altered", "another key", lambda: judged(issue(key=other), refused))
    run("theirs-altered", "another crit", lambda: judged(issue(header=HEADER | {"crit": ["b64", "exp"]}), refused))
    run("theirs-altered", "RS256", lambda: judged(issue(header=HEADER | {"alg": "RS256"}), (3, "unknown")))
