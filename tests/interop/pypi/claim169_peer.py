"""PyPI `cwt` and `zxing-cpp` as peers for Claim 169: one order on standard input, one answer on standard output, both JSON.

zxing-cpp reads the picture of a card, base45 and zlib open the text, and cwt verifies or signs the token.
"""

import json
import sys
import zlib
from base64 import urlsafe_b64decode

import base45
import cwt
import zxingcpp
from cwt import COSEKey
from PIL import Image


def jsonable(value):
    """Byte strings as hexadecimal text, map keys as text: JSON has neither."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): jsonable(member) for key, member in value.items()}
    if isinstance(value, list):
        return [jsonable(member) for member in value]
    return value


def read_picture(order):
    """The text of the QR code in a picture."""
    codes = zxingcpp.read_barcodes(Image.open(order["picture"]))
    return {"texts": [code.text for code in codes]}


def public_key(order):
    """The Ed25519 key of an order under its key identifier, which is bytes in COSE."""
    unpadded = order["key"]["x"]
    x = urlsafe_b64decode(unpadded + "=" * (-len(unpadded) % 4))
    return COSEKey.new({1: 1, -1: 6, 3: -8, -2: x, 2: bytes.fromhex(order["key_id"])})


def verify(order):
    """The claims of a QR text, when the key signed it."""
    try:
        token = zlib.decompress(base45.b45decode(order["text"]))
        claims = cwt.decode(token, public_key(order))
        return {"accepted": True, "claims": jsonable(claims)}
    except Exception as error:
        return {"accepted": False, "reason": f"{type(error).__name__}: {error}"}


def issue(order):
    """A QR text with the claims, integer keys given as text, signed by the key."""

    def keyed(value):
        return {int(key): member for key, member in value.items()}

    claims = keyed(order["claims"])
    claims[169] = keyed(claims[169])
    key = COSEKey.from_jwk(order["key"])
    token = cwt.encode(claims, key, tagged=True)
    return {"text": base45.b45encode(zlib.compress(token, 9)).decode()}


order = json.load(sys.stdin)
work = {"read-picture": read_picture, "verify": verify, "issue": issue}
print(json.dumps(work[order["work"]](order)))
