"""PyPI `Authlib` as a bank's program: one order on standard input, one answer on standard output, both JSON."""

import base64
import json
import os
import sys
from urllib.parse import parse_qsl, urlsplit

# The installation is on loopback.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OAuthError, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import ECKey


class Provider(OAuth2Mixin, OpenIDMixin, BaseApp):
    """What Authlib's integrations of Flask, Django and Starlette are made of, without their sessions."""

    client_cls = OAuth2Session


class Es256(PrivateKeyJWT):
    """Authlib takes RS256 where nothing else is said."""

    alg = "ES256"


def provider(order):
    metadata = f"{order['issuer']}/.well-known/openid-configuration"
    app = Provider(
        framework=None,
        name="symbolon",
        client_id=order["client_id"],
        client_secret=ECKey.import_key(order["key"]),
        server_metadata_url=metadata,
        client_kwargs={
            "scope": order["scope"],
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "private_key_jwt",
        },
        client_auth_methods=[Es256(f"{order['issuer']}/token", alg="ES256")],
    )
    return app


def begin(order):
    # It has no pushed requests.
    made = provider(order).create_authorization_url(order["redirect_uri"], claims=json.dumps(order["claims"]))
    kept = {name: made[name] for name in ["code_verifier", "state", "nonce"]}
    return {"url": made["url"], "kept": kept}


def finish(order):
    app, kept = provider(order), order["kept"]
    # As each of its integrations does with what the browser brings.
    brought = dict(parse_qsl(urlsplit(order["callback"]).query))
    if "error" in brought:
        raise OAuthError(error=brought["error"], description=brought.get("error_description"))
    session = app._get_oauth_client(**app.load_server_metadata())
    session.state = kept["state"]
    token = session.fetch_token(
        app.load_server_metadata()["token_endpoint"],
        authorization_response=order["callback"],
        state=kept["state"],
        redirect_uri=order["redirect_uri"],
        code_verifier=kept["code_verifier"],
    )
    if order.get("alter"):
        token["id_token"] = altered(token["id_token"], order["alter"])
    id_token = app.parse_id_token(token, nonce=kept["nonce"])
    userinfo = app.userinfo(token=token)
    assert userinfo["sub"] == id_token["sub"], "the two are about different people"
    return {"id_token": dict(id_token), "userinfo": dict(userinfo), "token_type": token["token_type"]}


def altered(token, changes):
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) | changes
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{header}.{payload}.{signature}"


def main():
    order = json.load(sys.stdin)
    try:
        work = {"begin": begin, "finish": finish}[order["work"]]
        answer = {"accepted": True} | work(order)
    except Exception as error:
        answer = {"accepted": False, "reason": f"{type(error).__name__}: {error}"}
    json.dump(answer, sys.stdout)


main()
