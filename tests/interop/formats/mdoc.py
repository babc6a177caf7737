"""ISO mdocs, as OpenID4VP carries them."""

import base64
import re
import time

from cryptography.hazmat.primitives.asymmetric import ec

from formats.certificates import PeerDocumentSigner, jwk_of

FORMAT = "ISO mdoc"
# What our issuer makes for everybody: a licence is given to whoever has one.
OUR_TYPE = OUR_NAME_SPACE = "org.symbolon.national-id.1"
DOC_TYPE, NAME_SPACE = "org.iso.18013.5.1.mDL", "org.iso.18013.5.1"
PERSON = {
    "family_name": "Otieno",
    "given_name": "Asha",
    "birth_date": "1984-04-18",
    "issuing_country": "KE",
    "document_number": "KE-1984",
    "age_over_18": True,
}
SHOWN = ["family_name", "birth_date", "age_over_18"]


def query(doc_type, name_space, names):
    claims = [{"path": [name_space, name], "intent_to_retain": False} for name in names]
    wanted = {"id": "mdoc", "format": "mso_mdoc", "meta": {"doctype_value": doc_type}, "claims": claims}
    return {"credentials": [wanted]}


OURS = query(OUR_TYPE, OUR_NAME_SPACE, ["full_name", "birth_date", "age_over_18"])
THEIRS = query(DOC_TYPE, NAME_SPACE, SHOWN)


class Peer:
    def __init__(self, name, ask):
        self.name, self.ask = name, ask


def peer_of_npm(npm):
    return Peer(npm.name("@owf/mdoc"), lambda order: npm.ask("mdoc.mjs", order))


def compare(ours, peer, run):
    read_ours(ours, peer, run)
    read_theirs(ours, peer, run)


def session_of(request):
    """What the SessionTranscript of OpenID4VP is made of."""
    return {
        "client_id": request.audience,
        "nonce": request.nonce,
        "response_uri": request.response_uri,
        "encryption_key_thumbprint": request.encryption_key_thumbprint(),
    }


def read_ours(ours, peer, run):
    """A presentation of our wallet, exactly as our verifier gets it."""
    ours.receive("NationalIdentityMdoc")
    request = ours.ask(OURS)
    [[presentation]] = ours.present(request).values()
    _, report = ours.verify(presentation, request=request)
    order = {"work": "verify", "anchors": ours.own_issuer()["anchors"]} | session_of(request)

    def accepted():
        answer = peer.ask(order | {"presentation": presentation})
        assert answer["accepted"], answer["reason"]
        assert answer["doc_type"] == OUR_TYPE, answer["doc_type"]
        assert answer["claims"] == report["claims"], "the peer reads other elements than we do"
        assert len(answer["claims"][OUR_NAME_SPACE]) >= 2, "too little was shown to compare"

    def refused(because, presentation=presentation, **changes):
        answer = peer.ask(order | {"presentation": presentation} | changes)
        assert not answer["accepted"], "the peer accepts it"
        assert re.search(because, answer["reason"], re.IGNORECASE), f"refused for another reason: {answer['reason']}"

    run("ours-by-theirs", "issuer, digests, device signature, elements", accepted)
    run("ours-altered", "a letter of an element", lambda: refused("digest", alter(presentation, full_name(report))))
    run("ours-altered", "another nonce", lambda: refused("device signature", nonce="another"))
    run("ours-altered", "another verifier", lambda: refused("device signature", client_id="x509_hash:another"))
    run("ours-altered", "another root", lambda: refused("issuer certificate", anchors=[PeerDocumentSigner().anchor]))


def read_theirs(ours, peer, run):
    """An mdoc that the peer issued and presented for a request of our verifier."""
    issuer = PeerDocumentSigner()
    trust = ours.trust_list_with(issuer.trusted())
    request = ours.ask(THEIRS)
    order = {
        "work": "issue-and-present",
        "issued_at": int(time.time()) - 60,
        "doc_type": DOC_TYPE,
        "name_space": NAME_SPACE,
        "elements": PERSON,
        "dates": ["birth_date"],
        "shown": SHOWN,
        "device_key": jwk_of(ec.generate_private_key(ec.SECP256R1())),
        "issuer_key": jwk_of(issuer.key),
        "certificates": issuer.x5c,
    } | session_of(request)
    presentation = peer.ask(order)["presentation"]

    def accepted():
        _, report = ours.verify(presentation, trust, request)
        assert isinstance(report, dict), f"unreadable: {report}"
        states = {axis: report[axis]["state"] for axis in ["authentic", "trusted", "holder"]}
        assert states == {"authentic": "authentic", "trusted": "trusted", "holder": "proven_by_key"}, f"{states}"
        assert report["claims"] == {NAME_SPACE: {name: PERSON[name] for name in SHOWN}}, "we read other elements"

    def refused(axis, state, presentation=presentation, trust=trust, request=request):
        code, report = ours.verify(presentation, trust, request)
        assert code == 1, f"exit status {code}: {report}"
        assert report[axis]["state"] == state, report[axis]["state"]

    run("theirs-by-ours", "issuer, digests, device signature, elements", accepted)
    run(
        "theirs-altered",
        "a letter of an element",
        lambda: refused("authentic", "not_authentic", alter(presentation, PERSON["family_name"])),
    )
    other = ours.ask(THEIRS)
    run("theirs-altered", "the answer to another request", lambda: refused("holder", "refuted", request=other))
    stranger = peer.ask(order | {"device_key": jwk_of(ec.generate_private_key(ec.SECP256R1()))})["presentation"]
    run(
        "theirs-altered",
        "the device signature of another device",
        lambda: refused("holder", "refuted", with_signature_of(presentation, stranger)),
    )
    strangers = ours.trust_list_with(PeerDocumentSigner().trusted())
    run("theirs-altered", "a root that nobody trusts", lambda: refused("trusted", "not_trusted", trust=strangers))


def full_name(report):
    return report["claims"][OUR_NAME_SPACE]["full_name"]


def decoded(presentation):
    return bytearray(base64.urlsafe_b64decode(presentation + "=" * (-len(presentation) % 4)))


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def alter(presentation, text):
    """Another letter in a text that was signed."""
    data = decoded(presentation)
    data[data.index(text.encode())] ^= 1
    return encoded(data)


def with_signature_of(presentation, other):
    """The device signature of another presentation in the place of this one's: its last 64 bytes before the status."""
    data, others = decoded(presentation), decoded(other)
    marker = b"deviceSignature"
    start, others_start = data.index(marker), others.index(marker)
    length = others.index(b"\x58\x40", others_start) + 66 - others_start
    data[start : start + length] = others[others_start : others_start + length]
    return encoded(data)
