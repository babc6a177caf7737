"""PyPI `sd-jwt` as a peer: one order on standard input, one answer on standard output, both JSON."""

import json
import sys

from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier


def issue_and_present(order):
    """Issues with every claim of `selectable` behind a disclosure, then presents those of `shown` with a key binding."""
    selectable = set(order["selectable"])
    claims = {
        (SDObj(name) if name in selectable else name): value for name, value in order["claims"].items()
    }
    holder = JWK.from_json(json.dumps(order["holder_key"]))
    issuer = SDJWTIssuer(
        claims,
        JWK.from_json(json.dumps(order["issuer_key"])),
        holder_key=holder,
        add_decoy_claims=True,
        extra_header_parameters={"typ": "dc+sd-jwt", "x5c": order["x5c"]},
    )
    wallet = SDJWTHolder(issuer.sd_jwt_issuance)
    wallet.create_presentation(
        {name: True for name in order["shown"]},
        nonce=order["nonce"],
        aud=order["audience"],
        holder_key=holder,
    )
    return {"credential": issuer.sd_jwt_issuance, "presentation": wallet.sd_jwt_presentation}


def verify(order):
    """Verifies the issuer's signature, the digests and the key binding."""
    try:
        verifier = SDJWTVerifier(
            order["presentation"],
            lambda issuer, header: JWK.from_json(json.dumps(order["issuer_key"])),
            order["audience"],
            order["nonce"],
        )
        return {"accepted": True, "claims": verifier.get_verified_payload()}
    except Exception as error:
        return {"accepted": False, "reason": f"{type(error).__name__}: {error}"}


order = json.load(sys.stdin)
print(json.dumps({"issue-and-present": issue_and_present, "verify": verify}[order["work"]](order)))
