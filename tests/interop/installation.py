"""An installation of Symbolon, run through its binary alone."""

import base64
import datetime
import hashlib
import json
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request

START_LIMIT_SECONDS = 30


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Installation:
    """A fresh installation with both servers on loopback and a few sample people. A context manager: the servers stop with it."""

    def __init__(self, binary, folder, profile="standard"):
        self.binary, self.folder, self.profile = binary.resolve(), folder, profile
        self.servers = {}

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        ports = [free_port(), free_port()]
        issuer, verifier = (f"http://127.0.0.1:{port}" for port in ports)
        subprocess.run(
            [
                self.binary, "init", "--dir", self.folder, "--issuer", issuer, "--verifier", verifier,
                "--profile", self.profile,
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        self.ports = dict(zip(["issuer", "verifier"], ports))
        for role in self.ports:
            self.start(role)
        self.issuer, self.verifier = issuer, verifier
        self.run("records", "sample", "--count", "12", "--seed", "7", "--out", "people.ndjson")
        self.run("records", "import", "people.ndjson")
        people = [json.loads(line) for line in (self.folder / "people.ndjson").read_text().splitlines()]
        adults = [
            person for person in people if person["dateOfBirth"] < "2000" and person.get("declaredAsDeceased") != "Y"
        ]
        self.uin = adults[0]["UIN"]
        return self

    def __exit__(self, *_):
        for role in list(self.servers):
            self.stop(role)

    def start(self, role):
        log = open(self.folder / f"{role}.log", "ab")
        server = subprocess.Popen([self.binary, role, "serve"], cwd=self.folder, stdout=log, stderr=log)
        self.servers[role] = server
        self.wait_for(self.ports[role], server)

    def stop(self, role):
        server = self.servers.pop(role)
        server.terminate()
        server.wait(timeout=START_LIMIT_SECONDS)

    def start_again(self, role):
        """Has a server take up what was changed in its files."""
        self.stop(role)
        self.start(role)

    @staticmethod
    def wait_for(port, server):
        limit = time.monotonic() + START_LIMIT_SECONDS
        while time.monotonic() < limit:
            if server.poll() is not None:
                raise RuntimeError("a server ended at once")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("a server did not start in time")

    def run(self, *arguments):
        """Runs a command and returns what it printed."""
        ended = subprocess.run(
            [self.binary, *arguments], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return ended.stdout

    def receive(self, configuration):
        """Has the wallet receive a credential of the configuration."""
        offer = json.loads(
            self.run("offer", "create", "--record", self.uin, "--credential", configuration, "--json")
        )
        self.run("wallet", "receive", offer["link"])

    def ask(self, query):
        """Makes a request and returns it: its link, its signed text and the nonce and audience that an answer must name. The
        query is the name of one of the verifier's, or a query of one's own."""
        if not isinstance(query, str):
            file = self.folder / "query.json"
            file.write_text(json.dumps(query))
            query = file
        made = json.loads(self.run("request", "create", "--query", query, "--json"))
        return Request(made["authorization_request"], self.folder)

    def present(self, request):
        """Has the wallet answer a request, and returns the vp_token as it was sent."""
        self.run("wallet", "present", request.link, "--yes", "--save", "sent.json")
        return json.loads((self.folder / "sent.json").read_text())

    def root_of_trust(self):
        return json.loads((self.folder / "data" / "trust.json").read_text())

    def trust_list_with(self, issuer, contexts=None, did_documents=None):
        """The installation's root of trust with one more issuer, contexts and DID documents of its credentials, as a file."""
        root = self.root_of_trust()
        root["trust_list"]["issuers"].append(issuer)
        root["trust_list"].setdefault("contexts", {}).update(contexts or {})
        root["trust_list"].setdefault("did_documents", {}).update(did_documents or {})
        file = self.folder / "trust-with-peer.json"
        file.write_text(json.dumps(root))
        return file

    def own_issuer(self):
        """What the root of trust says about the installation's own issuer."""
        return self.root_of_trust()["trust_list"]["issuers"][0]

    def documents(self):
        """The contexts and DID documents that the root of trust carries, which nobody fetches."""
        trust_list = self.root_of_trust()["trust_list"]
        return trust_list.get("contexts", {}) | trust_list.get("did_documents", {})

    def verify(self, text, trust=None, request=None):
        """Judges a text from standard input. Returns the exit status and the report; None where there is none."""
        arguments = ["verify", "-", "--json"]
        if trust:
            arguments += ["--trust", trust]
        if request:
            file = self.folder / "request.jwt"
            file.write_text(request.signed)
            arguments += ["--request", file]
        ended = subprocess.run(
            [self.binary, *arguments], cwd=self.folder, input=text, capture_output=True, text=True
        )
        return ended.returncode, json.loads(ended.stdout) if ended.stdout.strip() else ended.stderr


class Request:
    """A signed presentation request, as its address serves it."""

    def __init__(self, link, folder):
        self.link = link
        parameters = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)
        self.signed = fetch(parameters["request_uri"][0])
        claims = decode(self.signed.split(".")[1])
        self.nonce, self.audience = claims["nonce"], claims["client_id"]
        self.response_uri, self.metadata = claims["response_uri"], claims["client_metadata"]

    def encryption_key_thumbprint(self):
        """The RFC 7638 thumbprint of the key that the answer is encrypted to."""
        [key] = self.metadata["jwks"]["keys"]
        members = {name: key[name] for name in ["crv", "kty", "x", "y"]}
        digest = hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def fetch(url):
    """What stands at an address of the installation."""
    with urllib.request.urlopen(url, timeout=START_LIMIT_SECONDS) as response:
        return response.read().decode()


def decode(part):
    """The JSON in one part of a JWT."""
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def rfc3339(seconds):
    """A time as JSON documents have it."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
