"""Who else takes part: a merchant with a key, a radio that loses what it carries."""

import random

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import symbolon


class PemKeys(symbolon.KeyStore):
    """One key that was there before: a merchant's, or that of a wallet's provider."""

    def __init__(self, path):
        self.key = serialization.load_pem_private_key(path.read_bytes(), None)
        self.locked = False

    def create(self):
        raise symbolon.KeyFailure.Failed()

    def public_key(self, handle):
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.DER, form)

    def sign(self, handle, bytes):
        if self.locked:
            return symbolon.SigningOutcome.LOCKED()
        return symbolon.SigningOutcome.SIGNED(signature=self.key.sign(bytes, ec.ECDSA(hashes.SHA256())))

    def delete(self, handle):
        raise symbolon.KeyFailure.Failed()

    def list(self):
        return ["only"]


def certificates(path):
    chain = x509.load_pem_x509_certificates(path.read_bytes())
    return [certificate.public_bytes(serialization.Encoding.DER) for certificate in chain]


def merchant(installation):
    """The installation's verifier, as an app that has its key."""
    keys = installation.folder / "data" / "keys"
    return symbolon.VerifierIdentity(
        certificates=certificates(keys / "request-signing.chain.pem"),
        keys=PemKeys(keys / "request-signing.key.pem"),
        key="only",
        name="Shop at the corner",
    )


class Radio:
    """Carries the frames of messages, and loses and moves some. With `again` it numbers them and sends them until they have come, in their
    order, as the link of Bluetooth Low Energy does; without it is a link that is broken."""

    def __init__(self, seed, receiver, again):
        self.chance, self.again = random.Random(seed), again
        self.assembler = symbolon.BleAssembler(receiver)
        self.lost = 0

    def sent(self, frames):
        """One try: what of these arrives, in some order."""
        arrived = [frame for frame in frames if self.chance.random() >= 0.3]
        self.lost += len(frames) - len(arrived)
        self.chance.shuffle(arrived)
        return arrived

    def carry(self, message, mtu=64):
        """The message as it comes out on the other side; nothing where it does not."""
        waiting = dict(enumerate(symbolon.ble_frames(message, mtu)))
        arrived = []
        if self.again:
            found = {}
            while waiting:
                for number, frame in self.sent(list(waiting.items())):
                    found[number] = frame
                    waiting.pop(number, None)
            arrived = [found[number] for number in sorted(found)]
        else:
            arrived = [frame for _, frame in self.sent(list(waiting.items()))]
        whole = None
        for frame in arrived:
            whole = self.assembler.push(frame) or whole
        return whole
