"""W3C credentials with Data Integrity proofs: documents signed whole, and statements disclosed one by one."""

import copy
import json
import re
import time

from formats.certificates import ISSUER, PeerIssuer
from installation import fetch, rfc3339

FORMAT = "W3C VC 2.0"
CONTEXT = f"{ISSUER}/contexts/person"
TERMS = f"{ISSUER}/terms#"
# What terms of the peer's credentials mean. Nobody fetches it: the trust list carries it.
PERSON_CONTEXT = {
    "@context": {
        "PersonCredential": f"{TERMS}PersonCredential",
        "givenName": f"{TERMS}givenName",
        "familyName": f"{TERMS}familyName",
        "address": {"@id": f"{TERMS}address", "@context": {"locality": f"{TERMS}locality", "country": f"{TERMS}country"}},
    }
}
PERSON = {"givenName": "Asha", "familyName": "Otieno", "address": {"locality": "Kisumu", "country": "KE"}}
SHOWN = {"givenName": "Asha", "address": {"locality": "Kisumu"}}


# Any W3C credential with a Data Integrity proof.
CREDENTIAL = "https://www.w3.org/2018/credentials#VerifiableCredential"
QUERY = {
    "credentials": [
        {
            "id": "credential",
            "format": "ldp_vc",
            "meta": {"type_values": [[CREDENTIAL]]},
            "claims": [{"path": ["credentialSubject"]}],
        }
    ]
}


class Peer:
    """The cryptosuites of @digitalbazaar, one at a time."""

    def __init__(self, npm, cryptosuite, package, curve, configuration):
        self.name = f"{npm.name('@digitalbazaar/vc')} with `{cryptosuite}` {npm.packages[package]}"
        self.cryptosuite, self.curve, self.configuration = cryptosuite, curve, configuration
        self.npm = npm

    def ask(self, work, **order):
        return self.npm.ask("data-integrity.mjs", {"work": work} | order)

    def is_selective(self):
        return self.cryptosuite == "ecdsa-sd-2023"


def peers_of_npm(npm):
    package = "@digitalbazaar/{}-cryptosuite".format
    return [
        Peer(npm, "eddsa-rdfc-2022", package("eddsa-rdfc-2022"), "Ed25519", "NationalIdentityLd"),
        Peer(npm, "ecdsa-rdfc-2019", package("ecdsa-rdfc-2019"), "P-256", None),
        Peer(npm, "ecdsa-sd-2023", package("ecdsa-sd-2023"), "P-256", "NationalIdentitySelective"),
    ]


def compare(ours, peer, run):
    # Our issuers sign with eddsa-rdfc-2022 and ecdsa-sd-2023; our holders, whose keys are of P-256, with ecdsa-rdfc-2019.
    read_ours(ours, peer, run, peer.configuration or "NationalIdentityLd")
    read_theirs(ours, peer, run)


def read_ours(ours, peer, run, configuration):
    """A presentation of our wallet, exactly as our verifier gets it."""
    ours.receive(configuration)
    request = ours.ask(QUERY)
    [[presentation]] = ours.present(request).values()
    order = {"challenge": request.nonce, "domain": request.audience, "documents": ours.documents()}
    credential = the_credential(presentation)

    def answer(presentation=presentation, **changes):
        return peer.ask("verify", presentation=presentation, **(order | changes))

    def accepted():
        read = answer()
        assert read["accepted"], read["reason"]
        assert credential["credentialSubject"]["id"].startswith("did:key:"), "no holder"
        _, report = ours.verify(json.dumps(presentation), request=request)
        assert report["verdict"] == "valid", report
        suites = {credential["proof"]["cryptosuite"], presentation["proof"]["cryptosuite"]}
        assert peer.cryptosuite in suites, f"only {suites} were compared"

    def refused(because, presentation=presentation, **changes):
        read = answer(presentation, **changes)
        assert not read["accepted"], "the peer accepts it"
        assert re.search(because, read["reason"], re.IGNORECASE), f"refused for another reason: {read['reason']}"

    run("ours-by-theirs", "both proofs, challenge, domain", accepted)
    run("ours-altered", "a claim", lambda: refused("signature", altered(presentation, alter_subject)))
    run("ours-altered", "a claim that was never signed", lambda: refused("signature", altered(presentation, add_claim)))
    run("ours-altered", "another holder", lambda: refused("signature|holder|controller", altered(presentation, alter_holder)))
    run("ours-altered", "another challenge", lambda: refused("challenge", challenge="another"))
    run("ours-altered", "another domain", lambda: refused("domain", domain="another"))


def read_theirs(ours, peer, run):
    """A credential that the peer issued and presented for a request of our verifier."""
    issuer, holder = peer.ask("make-key", curve=peer.curve), peer.ask("make-key", curve="P-256")
    entry = PeerIssuer().trusted() | {"dids": [issuer["controller"]]}
    trust = ours.trust_list_with(entry, {CONTEXT: PERSON_CONTEXT})
    request = ours.ask(QUERY)
    documents = {CONTEXT: PERSON_CONTEXT}
    now = int(time.time())
    credential = {
        "@context": ["https://www.w3.org/ns/credentials/v2", CONTEXT],
        "type": ["VerifiableCredential", "PersonCredential"],
        "issuer": issuer["controller"],
        "validFrom": rfc3339(now - 60),
        "validUntil": rfc3339(now + 86_400),
        "credentialSubject": {"id": holder["controller"], **PERSON},
    }
    signed = peer.ask(
        "issue",
        credential=credential,
        key=issuer,
        cryptosuite=peer.cryptosuite,
        mandatory_pointers=["/issuer", "/validFrom", "/validUntil"],
        documents=documents,
    )["credential"]
    expected = PERSON
    if peer.is_selective():
        pointers = ["/credentialSubject/givenName", "/credentialSubject/address/locality"]
        signed = peer.ask("derive", credential=signed, pointers=pointers, documents=documents)["credential"]
        expected = SHOWN

    def present(credential, holder=holder):
        return peer.ask(
            "present",
            key=holder,
            cryptosuite="ecdsa-rdfc-2019",
            credentials=[credential],
            challenge=request.nonce,
            domain=request.audience,
            documents=documents,
        )["presentation"]

    presentation = present(signed)

    def judged(presentation, request=request):
        code, report = ours.verify(json.dumps(presentation), trust, request)
        assert isinstance(report, dict), f"unreadable: {report}"
        return code, report

    def accepted():
        _, report = judged(presentation)
        states = {axis: report[axis]["state"] for axis in ["authentic", "trusted", "holder"]}
        assert states == {"authentic": "authentic", "trusted": "trusted", "holder": "proven_by_key"}, f"{states}"
        subject = dict(report["claims"]["credentialSubject"])
        subject.pop("id", None)
        assert subject == expected, "we read other claims than the peer showed"

    def refused(axis, state, presentation, request=request):
        code, report = judged(presentation, request)
        assert code == 1, f"exit status {code}"
        assert report[axis]["state"] == state, report[axis]["state"]

    run("theirs-by-ours", "both proofs, challenge, domain, claims", accepted)
    # The holder's proof is made anew, so that the issuer's alone is wrong.
    tampered = copy.deepcopy(signed)
    alter_subject({"verifiableCredential": [tampered]})
    run("theirs-altered", "a claim", lambda: refused("authentic", "not_authentic", present(tampered)))
    extended = copy.deepcopy(signed)
    add_claim({"verifiableCredential": [extended]})
    run("theirs-altered", "a claim that was never signed", lambda: refused("authentic", "not_authentic", present(extended)))
    stranger = peer.ask("make-key", curve="P-256")
    run("theirs-altered", "presented by a stranger", lambda: refused("holder", "refuted", present(signed, stranger)))
    other = ours.ask(QUERY)
    run("theirs-altered", "the answer to another request", lambda: refused("holder", "refuted", presentation, other))


def the_credential(presentation):
    credentials = presentation["verifiableCredential"]
    return credentials[0] if isinstance(credentials, list) else credentials


def altered(presentation, change):
    changed = copy.deepcopy(presentation)
    change(changed)
    return changed


def alter_subject(presentation):
    """Another value of the first text that the subject has."""
    subject = the_credential(presentation)["credentialSubject"]
    name = next(name for name, value in subject.items() if name not in ("id", "type") and isinstance(value, str))
    subject[name] += "x"


def add_claim(presentation):
    """A claim whose term the contexts know, so that it is not refused for being unknown."""
    subject = the_credential(presentation)["credentialSubject"]
    name = next(name for name in ["description", "name"] if name not in subject)
    subject[name] = "invented"


def alter_holder(presentation):
    presentation["holder"] = presentation["holder"].replace("did:key:", "did:example:")
