"""What a wallet app meets: a fresh installation that offers, asks, prints cards and makes packs."""

import json

import zxingcpp
from PIL import Image

CREDENTIAL = "NationalIdentity"
QUERY = "age-over-18"
PAYMENT = {
    "type": "urn:example:payment:1",
    "title": {"en": "Payment", "fr": "Paiement"},
    "fields": [{"name": "payee", "kind": "text", "label": {"en": "To", "fr": "À"}, "max_characters": 80}],
}


class Scene:
    """An installation, and what an app has of it."""

    def __init__(self, installation):
        self.installation = installation
        self.trust_file = installation.folder / "data" / "trust.json"
        self.trust = self.trust_file.read_bytes()

    def offer(self, *more, configuration=CREDENTIAL):
        made = self.installation.run(
            "offer", "create", "--record", self.installation.uin, "--credential", configuration, "--json", *more
        )
        return json.loads(made)

    def request(self):
        """A request for a presentation: its link and its name."""
        made = json.loads(self.installation.run("request", "create", "--query", QUERY, "--json"))
        return made["authorization_request"], made["request_id"]

    def transaction(self):
        """A request that a payment goes along with: its link and its name."""
        payment = [{"type": PAYMENT["type"], "credential_ids": ["age"], "members": {"payee": "Bakery"}}]
        (self.installation.folder / "payment-data.json").write_text(json.dumps(payment))
        asked = ["--query", QUERY, "--transaction-data", "payment-data.json", "--json"]
        made = json.loads(self.installation.run("request", "create", *asked))
        return made["authorization_request"], made["request_id"]

    def knows_payments(self):
        """Has the verifier know the type of a payment, which a wallet must know too."""
        (self.installation.folder / "payment.json").write_text(json.dumps(PAYMENT))
        file = self.installation.folder / "symbolon.toml"
        known = '[verifier]\ntransaction_data_types = ["payment.json"]\n'
        file.write_text(file.read_text().replace("[verifier]\n", known))
        self.installation.start_again("verifier")

    def was_found_valid(self, request):
        result = self.installation.run("request", "show", request)
        assert result.startswith("VALID"), result
        assert "the answer is what was asked for" in result, result

    def pack(self, name):
        """Makes a pack of everything that is known now, and tells where it is."""
        self.installation.run("pack", "build", "--out", name)
        return self.installation.folder / name

    def card(self):
        """The texts of the codes of a printed card."""
        self.installation.run("card", "print", "--record", self.installation.uin, "--out", "card.png")
        picture = Image.open(self.installation.folder / "card.png")
        return [code.text for code in zxingcpp.read_barcodes(picture)]

    def revoke(self):
        self.installation.run("credential", "revoke", "--record", self.installation.uin)
