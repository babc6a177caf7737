"""The Python bindings against the running issuer and verifier: `flow.py BINARY FOLDER [SCENARIO...]`.

Receives, holds, presents, verifies offline, is killed and goes on, keeps two people apart, and uses keys of the app's own. More of each is
in receiving.py, holding.py and showing.py. Scenarios are named by parts of their names; all of them run when none is.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import app
import attesting
import holding
import receiving
import showing
import symbolon
from installation import Installation
from people import merchant
from scene import PAYMENT, Scene


class AppKeys(symbolon.KeyStore):
    """Keys of the app's own, that can be locked."""

    def __init__(self):
        self.keys, self.made, self.locked, self.signed = {}, 0, False, 0

    def create(self):
        self.made += 1
        handle = f"key-{self.made}"
        self.keys[handle] = ec.generate_private_key(ec.SECP256R1())
        return symbolon.CreatedKey(handle=handle, public_key=self.public_key(handle))

    def public_key(self, handle):
        if handle not in self.keys:
            raise symbolon.KeyFailure.Unknown()
        encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        return self.keys[handle].public_key().public_bytes(encoding, form)

    def sign(self, handle, bytes):
        if self.locked:
            return symbolon.SigningOutcome.LOCKED()
        self.signed += 1
        signature = self.keys[handle].sign(bytes, ec.ECDSA(hashes.SHA256()))
        return symbolon.SigningOutcome.SIGNED(signature=signature)

    def delete(self, handle):
        self.keys.pop(handle, None)

    def list(self):
        return list(self.keys)


class Unreliable(app.UrlTransport):
    """Loses the answer, and says so in a way that the bindings do not know."""

    def fetch(self, request):
        raise RuntimeError("no error of the transport port")


class Greedy(app.UrlTransport):
    """Hands over more than was allowed."""

    def fetch(self, request):
        return symbolon.HttpResponse(status=200, headers=[], body=bytes(request.max_response_bytes + 1))


class Phone(Scene):
    """A scene with the wallets of a phone."""

    def __init__(self, installation, folder):
        super().__init__(installation)
        self.folder = folder

    def wallet(self, name, **more):
        return app.open_wallet(app.open_file(self.folder / name), self.trust, **more)

    @staticmethod
    def keys():
        return AppKeys()

    @staticmethod
    async def receive(wallet, offer):
        return await receive(wallet, offer)

    @staticmethod
    def rules(**other):
        """The rules about verifiers that hold without any, but for these."""
        rules = {
            "profile": symbolon.VerifierProfile.STANDARD,
            "unverified": symbolon.UnknownParty.REFUSED,
            "origins": symbolon.UnknownParty.SHOWN,
            "readers": symbolon.UnknownParty.REFUSED,
            "dids": [],
            "registered": [],
            "transaction_types": [],
            "registrars": [],
            "over_asking": symbolon.OverAskingRule.SHOWN,
        }
        return symbolon.VerifierRules(**{**rules, **other})

    def transaction_type(self):
        self.knows_payments()
        return json.dumps(PAYMENT)

    @staticmethod
    def expect(kind, act):
        return expect(kind, act)

    @staticmethod
    async def expect_async(kind, awaited):
        return await expect_async(kind, awaited)

    def killed_at(self, step, name, action, link):
        """Runs a process that is killed at the step."""
        here = Path(__file__).parent
        arguments = [self.folder / name, self.trust_file, step, action, link]
        ended = subprocess.run([sys.executable, here / "killed.py", *arguments], capture_output=True, text=True)
        assert ended.returncode == -signal.SIGKILL, (step, ended)


async def receive(wallet, offer):
    shown = await wallet.receive_offer(offer["link"])
    assert shown.issuers[0].name, "the issuer has the name of the trust list"
    outcome = await wallet.accept_offer(shown.flow, None)
    assert outcome.is_STORED(), outcome
    return outcome.credentials[0]


async def receives_holds_and_presents(scene):
    observer = app.Observer()
    wallet = scene.wallet("first.redb", observer=observer)
    assert (await wallet.recover()).unfinished == []
    credential = await receive(wallet, scene.offer())
    assert symbolon.ProgressStep.VERIFYING_CREDENTIAL in observer.steps
    [summary] = await wallet.list()
    assert summary.id == credential and summary.format == "dc+sd-jwt"
    details = await wallet.show(credential)
    assert len(details.claims) > 5 and all(json.loads(claim.value) is not None for claim in details.claims)

    link, request = scene.request()
    consent = await wallet.present(link)
    assert consent.verifier.knowledge.is_CERTIFIED() and not consent.missing
    [asked] = consent.asked
    disclosed = [claim.path for claim in asked.candidates[0].discloses if claim.can_be_withheld]
    assert disclosed == [claim.path for claim in asked.claims], disclosed
    outcome = await wallet.answer_request(consent.flow, symbolon.Decision.SHARE(choice=consent.smallest_choice))
    assert outcome.is_PRESENTED(), outcome
    scene.was_found_valid(request)

    link, _ = scene.request()
    consent = await wallet.present(link)
    outcome = await wallet.answer_request(consent.flow, symbolon.Decision.DECLINE())
    assert outcome.is_DECLINED(), outcome
    # Twice: the flow is over, and its outcome can be told again.
    assert (await wallet.resume(consent.flow)).outcome.is_DECLINED()

    link, _ = scene.request()
    consent = await wallet.present(link)
    [before] = consent.refused_before
    assert before.asked_the_same and before.at > 0, before
    outcome = await wallet.answer_request(consent.flow, symbolon.Decision.DECLINE_ALWAYS())
    assert outcome.is_DECLINED(), outcome
    link, _ = scene.request()
    opened = await wallet.open_request(link)
    assert opened.is_REFUSED() and opened.problem == symbolon.RequestProblem.REFUSED_ALWAYS, opened
    [refusal] = await wallet.refusals()
    assert refusal.is_for_always and refusal.verifier == consent.verifier and refusal.asked[0].claims, refusal
    await wallet.forget_refusal(refusal.id)
    link, _ = scene.request()
    consent = await wallet.present(link)
    assert consent.refused_before == []
    await wallet.abandon(consent.flow)

    await wallet.delete(credential)
    assert await wallet.list() == []
    events = [entry.event for entry in await wallet.history()]
    deleted, *declined, accepted, received = events
    assert len(declined) >= 2 and all(event.is_DECLINED() for event in declined), events
    assert deleted.is_DELETED() and accepted.is_PRESENTED() and received.is_RECEIVED(), events
    assert accepted.delivery == symbolon.Delivery.ACCEPTED and not accepted.transactions, accepted
    assert accepted.disclosed[0].claims == disclosed
    assert json.loads(await wallet.export_history())["version"] == 1


async def asks_for_a_transaction_code(scene):
    wallet = scene.wallet("code.redb")
    offer = scene.offer("--tx-code")
    shown = await wallet.receive_offer(offer["link"])
    outcome = await wallet.accept_offer(shown.flow, None)
    assert outcome.is_TRANSACTION_CODE_NEEDED() and outcome.refused == 0, outcome
    outcome = await wallet.enter_transaction_code(shown.flow, "0000" if offer["tx_code"] != "0000" else "1111")
    assert outcome.is_TRANSACTION_CODE_NEEDED() and outcome.refused == 1, outcome
    # The issuer makes whoever guesses wait.
    await asyncio.sleep(2)
    outcome = await wallet.enter_transaction_code(shown.flow, offer["tx_code"])
    assert outcome.is_STORED(), outcome


async def goes_on_after_being_killed(scene):
    for step in ["REQUESTING_ACCESS", "CREATING_KEY", "REQUESTING_CREDENTIAL", "VERIFYING_CREDENTIAL", "STORING"]:
        name = f"killed-{step}.redb"
        scene.killed_at(step, name, "receive", scene.offer()["link"])
        wallet = scene.wallet(name)
        recovered = await wallet.recover()
        [flow] = recovered.unfinished
        outcome = (await wallet.resume(flow)).outcome
        assert outcome.is_STORED(), (step, outcome)
        assert len(await wallet.list()) == 1
    del wallet
    for step in ["SIGNING_PRESENTATION", "SENDING_ANSWER"]:
        link, request = scene.request()
        scene.killed_at(step, name, "present", link)
        wallet = scene.wallet(name)
        [flow] = (await wallet.recover()).unfinished
        outcome = (await wallet.resume(flow)).outcome
        assert outcome.is_PRESENTED(), (step, outcome)
        scene.was_found_valid(request)
        del wallet
    # Answers that are shown, not sent.
    shop = showing.verifier(scene, "killed")
    ask = shop.ask_by_codes(showing.query(scene, "age-over-18"), merchant(scene.installation), 300)
    scene.killed_at("SIGNING_PRESENTATION", name, "codes", ask.message().object)
    wallet = scene.wallet(name)
    [flow] = (await wallet.recover()).unfinished
    outcome = (await wallet.resume(flow)).outcome
    assert outcome.is_SHOW(), outcome
    assert ask.judge(outcome.message).answer.verdict == symbolon.Verdict.VALID
    del wallet
    asked = ["--query", "age-over-18", "--protocol", "openid4vp-v1-signed", "--digital-credentials", "killed.json"]
    scene.installation.run("request", "create", *asked)
    page = f"{scene.installation.verifier} {scene.installation.folder / 'killed.json'}"
    scene.killed_at("SIGNING_PRESENTATION", name, "page", page)
    wallet = scene.wallet(name)
    [flow] = (await wallet.recover()).unfinished
    assert (await wallet.resume(flow)).outcome.is_ANSWERED()


async def uses_keys_of_the_app(scene):
    keys = AppKeys()
    wallet = scene.wallet("keys.redb", keys=keys)
    await receive(wallet, scene.offer())
    link, request = scene.request()
    consent = await wallet.present(link)
    keys.locked = True
    outcome = await wallet.answer_request(consent.flow, symbolon.Decision.SHARE(choice=consent.smallest_choice))
    assert outcome.is_KEY_LOCKED(), outcome
    keys.locked = False
    assert (await wallet.resume(consent.flow)).outcome.is_PRESENTED()
    scene.was_found_valid(request)
    keys.create()
    assert (await wallet.recover()).deleted_keys == 1
    assert keys.signed >= 2


async def keeps_people_apart(scene):
    file = app.open_file(scene.folder / "people.redb")
    lock = symbolon.PersonLock.PASSPHRASE(passphrase="correct horse battery")
    child = file.add_person("Aïssatou", lock, None)
    assert [person.name for person in file.people()] == [None, "Aïssatou"]
    await receive(app.open_wallet(file, scene.trust), scene.offer())
    wrong = symbolon.PersonLock.PASSPHRASE(passphrase="correct horse staple")
    for other in [app.device_lock(), wrong]:
        expect(symbolon.WalletError.WrongLock, lambda: app.open_wallet(file, scene.trust, person=child, lock=other))
    wallet = app.open_wallet(file, scene.trust, person=child, lock=lock)
    assert wallet.person() == child and await wallet.list() == []


async def says_what_an_app_can_do(scene):
    wallet = scene.wallet("errors.redb")
    await expect_async(symbolon.WalletError.UnreadableLink, wallet.present("hello"))
    await expect_async(symbolon.WalletError.InvalidArgument, wallet.show("x"))
    await expect_async(symbolon.WalletError.NotFound, wallet.resume("0" * 32))
    foreign = 'openid-credential-offer://?credential_offer={"credential_issuer":"https://other.example",' \
        '"credential_configuration_ids":["a"],"grants":{}}'
    await expect_async(symbolon.WalletError.OfferRefused, wallet.receive_offer(foreign))
    expect(symbolon.WalletError.DeviceFailed, lambda: app.open_file(scene.folder / "errors.redb"))
    file = app.open_file(scene.folder / "arguments.redb")
    for name, unusable in [
        ("COPIES", {"copies": 0}),
        ("CLIENT", {"client": symbolon.AppClient(client_id="", redirect_uri="https://wallet.example/back")}),
        ("CLIENT", {"client": symbolon.AppClient(client_id="wallet", redirect_uri="nowhere")}),
    ]:
        refused = expect(symbolon.WalletError.InvalidArgument, lambda: app.open_wallet(file, scene.trust, **unusable))
        assert refused.argument.name == name, refused
    short = symbolon.PersonLock.SOFTWARE(key=app.LOCK[:-1])
    expect(symbolon.WalletError.InvalidArgument, lambda: symbolon.WalletFile.open("short.redb", short, None))
    greedy = scene.wallet("greedy.redb", transport=Greedy())
    shown = await greedy.receive_offer(scene.offer()["link"])
    refused = await expect_async(symbolon.WalletError.Network, greedy.accept_offer(shown.flow, None))
    assert refused.fault == symbolon.NetworkFault.TOO_LARGE, refused
    lost = scene.wallet("lost.redb", transport=Unreliable())
    shown = await lost.receive_offer(scene.offer()["link"])
    refused = await expect_async(symbolon.WalletError.Network, lost.accept_offer(shown.flow, None))
    assert refused.fault == symbolon.NetworkFault.INTERRUPTED, refused
    await lost.abandon(shown.flow)
    await expect_async(symbolon.WalletError.NotFound, lost.resume(shown.flow))


def verifies_offline(scene):
    memory = str(scene.folder / "packs.redb")
    verifier = symbolon.Verifier.open(scene.trust, memory, None)
    card = scene.card()
    assert card, "the card has a code"
    older = scene.pack("older.pack").read_bytes()
    [report] = verifier.verify(card)
    assert report.verdict == symbolon.Verdict.UNKNOWN, "nothing is known of the status without a pack"
    verifier.use_pack(older)
    [report] = verifier.verify(card)
    assert report.verdict == symbolon.Verdict.GENUINE, report
    assert report.as_of and report.photo and report.claims and report.holder == symbolon.HolderState.COMPARE_BY_EYE
    assert json.loads(report.json)["verdict"] == "genuine"
    forged = card[0][:-1] + ("A" if card[0][-1] != "A" else "B")
    try:
        [report] = verifier.verify([forged])
        assert report.verdict == symbolon.Verdict.INVALID and not report.claims, report
    except symbolon.VerifierError.Unreadable:
        pass

    scene.revoke()
    newer = scene.pack("newer.pack").read_bytes()
    assert verifier.pack_in_use().created <= report.as_of + 60, verifier.pack_in_use()
    newer_shown = takes_a_delta(scene, verifier, newer)
    [report] = verifier.verify(card)
    assert report.verdict == symbolon.Verdict.INVALID and report.status == symbolon.StatusState.REVOKED, report
    expect(symbolon.VerifierError.PackOlder, lambda: verifier.use_pack(older))
    expect(symbolon.VerifierError.PackRefused, lambda: verifier.use_pack(newer[:-1]))
    [report] = verifier.verify(card)
    assert report.verdict == symbolon.Verdict.INVALID, "a refused pack changes nothing"
    form = verifier.prepare_pack(newer).form()
    del verifier
    verifier = symbolon.Verifier.open(scene.trust, memory, None)
    assert verifier.pack_in_use() is None
    expect(symbolon.VerifierError.PackOlder, lambda: verifier.use_pack(older))
    damaged = form[:-1] + bytes([form[-1] ^ 1])
    for kept in [form, damaged, b"", None]:
        assert verifier.use_pack(newer, kept) == newer_shown, "a form is a cache and no more"
        [report] = verifier.verify(card)
        assert report.verdict == symbolon.Verdict.INVALID and report.status == symbolon.StatusState.REVOKED, report
    expect(symbolon.VerifierError.PackOlder, lambda: verifier.use_pack(older, form))
    del verifier
    early = symbolon.Verifier.open(scene.trust, str(scene.folder / "early.redb"), app.FixedClock(1_000_000_000))
    expect(symbolon.VerifierError.ClockWrong, lambda: early.use_pack(newer))
    expect(symbolon.VerifierError.Unreadable, lambda: early.verify(["hello"]))


def takes_a_delta(scene, verifier, newer):
    """Brings a verifier that uses the older pack to the newer one by what changed, in the order in which an app keeps it."""
    scene.installation.run("pack", "delta", "older.pack", "newer.pack", "--out", "change.delta")
    delta = (scene.installation.folder / "change.delta").read_bytes()
    assert len(delta) < len(newer)
    before = verifier.pack_in_use()
    expect(symbolon.VerifierError.PackRefused, lambda: verifier.use_pack(delta))
    expect(symbolon.VerifierError.PackRefused, lambda: verifier.prepare_pack(delta[:-1]))
    fresh = symbolon.Verifier.open(scene.trust, str(scene.folder / "fresh.redb"), None)
    expect(symbolon.VerifierError.PackRefused, lambda: fresh.prepare_pack(delta))
    prepared = verifier.prepare_pack(delta)
    assert prepared.pack() == newer and prepared.form(), "the delta makes the pack byte for byte"
    assert verifier.pack_in_use() == before, "what is prepared is not used yet"
    again = verifier.prepare_pack(newer)
    shown = prepared.use_now()
    assert shown == verifier.pack_in_use() == prepared.shown() and shown.sequence > before.sequence
    assert again.use_now() == shown, "whoever was interrupted does it again"
    return shown


def expect(kind, act):
    try:
        act()
    except kind as expected:
        return expected
    raise AssertionError(f"{kind.__name__} was expected")


async def expect_async(kind, awaited):
    try:
        await awaited
    except kind as expected:
        return expected
    raise AssertionError(f"{kind.__name__} was expected")


SCENARIOS = [
    receives_holds_and_presents,
    asks_for_a_transaction_code,
    goes_on_after_being_killed,
    uses_keys_of_the_app,
    keeps_people_apart,
    says_what_an_app_can_do,
    receiving.signs_in_and_renews,
    receiving.is_issued_again_on_a_new_phone,
    holding.finds_sorts_and_watches_what_it_holds,
    holding.changes_keys_and_locks,
    holding.keeps_the_wallet_where_the_app_wants_it,
    showing.is_asked_and_answers_by_codes,
    showing.shows_a_card_that_it_holds,
    showing.shows_face_to_face,
    showing.answers_a_page,
    showing.authorizes_a_transaction,
    receiving.waits_for_the_issuer_and_shows_each_copy_once,
    holding.remembers_packs_where_the_app_wants_it,
    # It revokes, so it comes last.
    verifies_offline,
]


async def main(binary, folder, wanted):
    # Wallets of strangers may ask this issuer, and come back to it.
    os.environ["SYMBOLON_ISSUER_AUTHORIZATION_UNKNOWN_CLIENTS"] = "public"
    os.environ["SYMBOLON_ISSUER_AUTHORIZATION_REFRESH_TOKEN_DAYS"] = "30"
    with Installation(Path(binary), folder / "installation") as installation:
        scene = Phone(installation, folder)
        for scenario in SCENARIOS:
            if wanted and not any(part in scenario.__name__ for part in wanted):
                continue
            ran = scenario(scene)
            if asyncio.iscoroutine(ran):
                await ran
            print(f"  {scenario.__name__.replace('_', ' ')}", flush=True)
    if not wanted or "vouched" in wanted:
        for name in ["UNKNOWN_CLIENTS", "REFRESH_TOKEN_DAYS"]:
            del os.environ[f"SYMBOLON_ISSUER_AUTHORIZATION_{name}"]
        with Installation(Path(binary), folder / "high-assurance", "haip") as installation:
            await attesting.is_vouched_for(Phone(installation, folder))
            print("  is vouched for", flush=True)


if __name__ == "__main__":
    work = Path(sys.argv[2]).resolve()
    work.mkdir(parents=True, exist_ok=True)
    for left in work.glob("*.redb"):
        left.unlink()
    asyncio.run(main(sys.argv[1], work, sys.argv[3:]))
