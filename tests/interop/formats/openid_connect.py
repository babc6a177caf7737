"""Signing in at a bank (OpenID Connect): the bank's side is a client library of others, the wallet answers by our command line."""

import html
import json
import re
import urllib.error
import urllib.parse
import urllib.request

from cryptography.hazmat.primitives.asymmetric import ec

from formats.certificates import jwk_of

FORMAT = "OpenID Connect, sign-in with verified claims"
CALLBACK = "http://127.0.0.1:9/callback"
POLICY = """
purpose = "To open an account in your name"
[[credentials]]
id = "identity"
format = "dc+sd-jwt"
types = ["{issuer}/types/national-identity"]
binding = "key"
keep_claims = [["full_name"], ["gender"], ["birthdate"], ["personal_administrative_number"]]
claims = [
    {{ path = ["full_name"] }},
    {{ path = ["gender"] }},
    {{ path = ["birthdate"] }},
    {{ path = ["personal_administrative_number"] }},
]
[credentials.verified_claims]
type = "population_register"
claims = [
    {{ claim = "name", from = {{ text = ["full_name"] }} }},
    {{ claim = "gender", from = {{ gender = {{ path = ["gender"], codes = "words" }} }} }},
    {{ claim = "birthdate", from = {{ date = ["birthdate"] }} }},
]
"""
ASSURANCE = """
[verifier.assurance]
trust_framework = "eidas"
levels = ["low", "high"]
[[verifier.assurance.issuers]]
issuer = "{issuer}"
level = "high"
"""
VERIFIED = {
    "verification": {"trust_framework": {"value": "eidas"}, "assurance_level": None},
    "claims": {"name": None, "birthdate": None},
}
CLAIMS = {"id_token": {"verified_claims": VERIFIED}, "userinfo": {"gender": None, "verified_claims": VERIFIED}}


class Peer:
    def __init__(self, name, client_id, ask):
        self.name, self.client_id, self.ask = name, client_id, ask


def peer_of_npm(npm):
    return Peer(npm.name("openid-client"), "bank-npm", lambda order: npm.ask("openid-client.mjs", order))


def peer_of_pypi(pypi):
    return Peer(pypi.name("Authlib"), "bank-pypi", lambda order: pypi.ask("authlib_peer.py", order))


def compare(ours, peer, run):
    key = ec.generate_private_key(ec.SECP256R1())
    set_up(ours, peer, key)
    order = {
        "issuer": f"{ours.verifier}/openid",
        "client_id": peer.client_id,
        "key": jwk_of(key),
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "claims": CLAIMS,
    }
    customers = set()

    def begun(**changes):
        begun = peer.ask(order | {"work": "begin"} | changes)
        assert begun["accepted"], begun["reason"]
        return begun["url"], begun["kept"]

    def signed_in():
        """A customer signs in: what the bank keeps, and where the browser ends."""
        url, kept = begun()
        return kept, ours_answers(ours, url)

    def finished(kept, callback, **changes):
        return peer.ask(order | {"work": "finish", "kept": kept, "callback": callback} | changes)

    def accepted():
        answer = finished(*signed_in())
        assert answer["accepted"], answer["reason"]
        id_token, userinfo = answer["id_token"], answer["userinfo"]
        assert id_token["acr"] == "high", id_token["acr"]
        customers.add(id_token["sub"])
        for place in [id_token, userinfo]:
            verified = place["verified_claims"]
            assert verified["verification"] == {"trust_framework": "eidas", "assurance_level": "high"}, verified
            assert set(verified["claims"]) == {"name", "birthdate"}, verified
        assert userinfo["gender"], "a claim that was asked for is missing"

    def refused(because, answer):
        assert not answer["accepted"], "it is accepted"
        # A refusal for another reason would hide that the alteration went unnoticed.
        assert re.search(because, answer["reason"], re.IGNORECASE), f"refused for another reason: {answer['reason']}"

    def client_refuses(because, **changes):
        kept, callback = signed_in()
        refused(because, finished(kept | changes.pop("kept", {}), changes.pop("callback", callback), **changes))

    def known_again():
        accepted()
        assert len(customers) == 1, "the second sign-in is another customer's"

    def cancelled():
        url, kept = begun()
        refused("access_denied", finished(kept, ours_answers(ours, url, cancel=True)))

    def used_twice():
        kept, callback = signed_in()
        answer = finished(kept, callback)
        assert answer["accepted"], answer["reason"]
        refused("invalid_grant", finished(kept, callback))

    def elsewhere():
        begun = peer.ask(order | {"work": "begin", "redirect_uri": "http://127.0.0.1:9/elsewhere"})
        if not begun["accepted"]:
            return refused("invalid_request", begun)
        status, _, _ = open_page(begun["url"], None)
        assert status == 400, f"the browser is answered {status}"

    run("ours-by-theirs", "discovery, ID token, userinfo, verified claims", accepted)
    run("theirs-by-ours", "request, PKCE, private_key_jwt; the same customer again", known_again)
    run("theirs-by-ours", "a customer who cancels", cancelled)
    run("ours-altered", "another person in the ID token", lambda: client_refuses("signature", alter={"sub": "another"}))
    run("ours-altered", "the ID token of another sign-in", lambda: client_refuses("nonce", kept={"nonce": "another"}))
    run("ours-altered", "the answer to another request", lambda: client_refuses("state", kept={"state": "another"}))
    run("theirs-altered", "another PKCE verifier", lambda: client_refuses("invalid_grant", kept={"code_verifier": "v" * 43}))
    run("theirs-altered", "another client's key", lambda: client_refuses("invalid_client", key=jwk_of(ec.generate_private_key(ec.SECP256R1()))))
    run("theirs-altered", "a code that was used", used_twice)
    run("theirs-altered", "an address that is not registered", elsewhere)


def set_up(ours, peer, key):
    """A policy, levels of assurance, and a bank with the peer's key, by the commands that an operator has."""
    ours.receive("NationalIdentity")
    policies = ours.folder / "policies"
    policies.mkdir(exist_ok=True)
    policy = policies / "open-account.toml"
    if not policy.exists():
        policy.write_text(POLICY.format(issuer=ours.issuer))
        with open(ours.folder / "symbolon.toml", "a") as configuration:
            configuration.write(ASSURANCE.format(issuer=ours.issuer))
    public = {name: value for name, value in jwk_of(key).items() if name != "d"}
    (ours.folder / "bank.jwks").write_text(json.dumps({"keys": [public]}))
    ours.run("relying-party", "add", peer.client_id, "--name", "First Bank", "--policy", "open-account")
    ours.run(
        *("relying-party", "openid-client", peer.client_id, "--redirect-uri", CALLBACK, "--jwks", "bank.jwks"),
        *("--scope", "openid=open-account", "--subject", "identity=personal_administrative_number"),
    )
    ours.start_again("verifier")


def ours_answers(ours, url, cancel=False):
    """A browser opens the page of the sign-in, and the wallet answers or the person cancels. Returns where the browser ends."""
    _, page, cookie = open_page(url, None)
    status, shown, _ = open_page(page, cookie)
    assert status == 200, f"the page is answered {status}"
    if cancel:
        _, end, _ = open_page(f"{page}/cancel", cookie, b"")
        return end
    link = html.unescape(re.search(r'class="button" href="([^"]+)"', shown)[1])
    printed = ours.run("wallet", "present", link, "--yes")
    back = re.search(r"^go on at (\S+)$", printed, re.MULTILINE)[1]
    _, end, _ = open_page(back, cookie)
    return end


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing."""

    def redirect_request(self, *_):
        return None


def open_page(url, cookie, form=None):
    """Opens an address. Returns the status, where it leads or what it shows, and the cookie that it gave."""
    request = urllib.request.Request(url, form, {"Cookie": cookie} if cookie else {})
    try:
        answered = urllib.request.build_opener(Stay).open(request, timeout=30)
    except urllib.error.HTTPError as error:
        answered = error
    given = (answered.headers.get("Set-Cookie") or "").split(";")[0]
    return answered.status, answered.headers.get("Location") or answered.read().decode(), given
