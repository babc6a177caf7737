"""Showing without a network, and to pages: animated codes, still codes, face to face, the Digital Credentials API."""

import json
import uuid

import symbolon
from people import Radio, merchant

AGE = json.dumps(
    {
        "credentials": [
            {
                "id": "identity",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["urn:symbolon:national-identity:1"]},
                "claims": [{"path": ["age_over_18"]}],
            }
        ]
    }
)


def query(scene, name):
    return (scene.installation.folder / "queries" / f"{name}.json").read_text()


def filmed(message, every=3):
    """The message as another device has it that filmed the codes, and missed one of each so many."""
    frames = symbolon.CodeFrames(message, symbolon.CodeSize.PHONE)
    assert symbolon.is_code_frame(frames.next())
    reader = symbolon.CodeReader()
    for number in range(20 * frames.fragments() + 20):
        code = frames.next()
        if number % every and (progress := reader.take(code)).is_COMPLETE():
            return progress.message
    raise AssertionError("the message did not come")


def verifier(scene, name):
    opened = symbolon.Verifier.open(scene.trust, str(scene.folder / f"{name}-packs.redb"), None)
    opened.use_pack(scene.pack(f"{name}.pack").read_bytes())
    return opened


async def is_asked_and_answers_by_codes(scene):
    wallet = scene.wallet("codes.redb")
    credential = await scene.receive(wallet, scene.offer())
    shop = verifier(scene, "codes")
    shopkeeper = merchant(scene.installation)
    ask = shop.ask_by_codes(query(scene, "age-over-18"), shopkeeper, 300)
    consent = await wallet.present_by_codes(filmed(ask.message()))
    assert consent.verifier.knowledge.is_CERTIFIED() and consent.claimed_name == "Shop at the corner", consent
    outcome = await wallet.answer_request(consent.flow, symbolon.Decision.SHARE(choice=consent.smallest_choice))
    assert outcome.is_SHOW(), outcome
    # Killed while it shows the answer, the app shows the same again.
    assert (await wallet.resume(consent.flow)).outcome.message == outcome.message
    answer = filmed(outcome.message)
    judged = ask.judge(answer, ["en"]).answer
    assert judged.verdict == symbolon.Verdict.VALID and judged.is_as_asked and judged.finding == "as_asked", judged
    [answered] = judged.queries
    assert judged.as_of == min(report.as_of for report in answered.reports), judged.as_of
    [report] = answered.reports
    assert report.holder == symbolon.HolderState.PROVEN_BY_KEY and report.as_of, report
    scene.expect(symbolon.VerifierError.AskOver, lambda: ask.judge(answer))
    # An answer is for who asked, and an answer to something else is none.
    other = shop.ask_by_codes(query(scene, "age-over-18"), shopkeeper, 300)
    scene.expect(symbolon.VerifierError.ForeignAnswer, lambda: other.judge(answer))
    scene.expect(symbolon.VerifierError.ForeignAnswer, lambda: other.judge(other.message()))
    consent = await wallet.present_by_codes(filmed(other.message()))
    outcome = await wallet.answer_request(consent.flow, symbolon.Decision.DECLINE())
    assert outcome.is_DECLINED(), outcome
    shopkeeper.keys.locked = True
    scene.expect(symbolon.VerifierError.KeyLocked, lambda: shop.ask_by_codes(AGE, shopkeeper, 300))
    scene.expect(symbolon.VerifierError.Query, lambda: shop.ask_by_codes("{}", shopkeeper, 300))
    await scene.expect_async(symbolon.WalletError.RequestRefused, wallet.present_by_codes(answer))

    # The whole credential, without having been asked: nobody proves a key.
    codes = await wallet.codes(credential)
    [report] = shop.verify_message(filmed(codes.animated), ["en"])
    assert report.authentic == symbolon.AuthenticState.AUTHENTIC, report
    assert report.holder in [symbolon.HolderState.NOT_CHECKED, symbolon.HolderState.COMPARE_BY_EYE], report


async def shows_a_card_that_it_holds(scene):
    wallet = scene.wallet("card.redb")
    credential = await scene.receive(wallet, scene.offer(configuration="NationalIdentityMdoc"))
    codes = await wallet.codes(credential)
    shop = verifier(scene, "card")
    [report] = shop.verify_message(filmed(codes.animated))
    assert report.authentic == symbolon.AuthenticState.AUTHENTIC, report
    for code in codes.still:
        assert not symbolon.is_code_frame(code)
        [report] = shop.verify([code])
        assert report.authentic == symbolon.AuthenticState.AUTHENTIC, report


def engagement():
    return symbolon.BleEngagement(holder_is_peripheral=str(uuid.uuid4()), reader_is_peripheral=None)


async def shows_face_to_face(scene):
    """Wallet and verifier in one process, over a radio that loses a third of all frames and moves the others."""
    wallet = scene.wallet("face-to-face.redb")
    await scene.receive(wallet, scene.offer(configuration="NationalIdentityMdoc"))
    shop = verifier(scene, "face-to-face")
    shopkeeper = merchant(scene.installation)
    asked = query(scene, "age-over-18-mdoc")

    holder = wallet.engage(engagement())
    reader = shop.read_phone(holder.code(), asked, shopkeeper)
    assert reader.phone().ble.holder_is_peripheral and reader.phone().ble_ident == holder.ble_ident()
    to_holder = Radio(1, symbolon.BleReceiver.HOLDER, again=True)
    to_reader = Radio(2, symbolon.BleReceiver.READER, again=True)
    event = await holder.receive(to_holder.carry(reader.first_message()))
    assert event.is_AWAITING_CONSENT(), event
    assert event.request.verifier.knowledge.is_CERTIFIED() and event.request.verifier.name, event.request.verifier
    choice = event.request.smallest_choice
    answer = await holder.answer(symbolon.Decision.SHARE(choice=choice), symbolon.AfterAnswer.CONTINUE)
    assert answer.is_ANSWERED() and answer.disclosed, answer
    judged = reader.receive(to_reader.carry(answer.message), ["en"])
    assert judged.is_JUDGED(), judged
    assert judged.answer.verdict == symbolon.Verdict.VALID and judged.answer.is_as_asked, judged
    assert to_holder.lost and to_reader.lost, "frames were lost on the way"
    # The reader asks again, and the person declines.
    event = await holder.receive(to_holder.carry(reader.ask_again(asked)))
    declined = await holder.answer(symbolon.Decision.DECLINE(), symbolon.AfterAnswer.END)
    assert declined.is_DECLINED(), declined
    assert reader.receive(to_reader.carry(declined.message)).is_SHOWS_NOTHING()
    assert (await holder.receive(reader.terminate())).is_ENDED()
    await scene.expect_async(symbolon.WalletError.WrongStage, holder.receive(b"late"))

    # A link that is broken brings no message, or one that nobody takes for the reader's.
    for seed in range(8):
        holder = wallet.engage(engagement())
        reader = shop.read_phone(holder.code(), asked, shopkeeper)
        try:
            message = Radio(seed, symbolon.BleReceiver.HOLDER, again=False).carry(reader.first_message())
        except symbolon.BleError:
            continue
        if message is not None:
            event = await holder.receive(message)
            assert event.is_FAILED() and event.problem.is_TRANSMISSION(), event
            assert reader.receive(event.farewell).is_ENDED()

    # A reader that does not say who it is is refused, and told no more than that it is over.
    holder = wallet.engage(engagement())
    stranger = shop.read_phone(holder.code(), asked, None)
    event = await holder.receive(stranger.first_message())
    assert event.is_FAILED() and event.problem.problem == symbolon.RequestProblem.UNTRUSTED_VERIFIER, event
    assert stranger.receive(event.farewell).is_ENDED()
    # A phone whose owner allows it shows the stranger as unverified.
    rules = scene.rules(readers=symbolon.UnknownParty.SHOWN)
    open_wallet = scene.wallet("strangers.redb", verifiers=rules)
    await scene.receive(open_wallet, scene.offer(configuration="NationalIdentityMdoc"))
    holder = open_wallet.engage(engagement())
    event = await holder.receive(shop.read_phone(holder.code(), asked, None).first_message())
    assert event.request.verifier.knowledge.is_UNVERIFIED(), event
    assert holder.terminate() and holder.terminate() is None
    scene.expect(symbolon.VerifierError.Engagement, lambda: shop.read_phone("mdoc:none", asked, None))
    scene.expect(symbolon.VerifierError.Query, lambda: shop.read_phone(holder.code(), AGE, None))
    wrong = symbolon.BleEngagement(holder_is_peripheral="1", reader_is_peripheral=None)
    scene.expect(symbolon.WalletError.InvalidArgument, lambda: wallet.engage(wrong))
    shown = [entry.event for entry in await wallet.history() if entry.event.is_PRESENTED()]
    assert len(shown) == 1 and shown[0].delivery == symbolon.Delivery.UNCONFIRMED, shown


async def answers_a_page(scene):
    """What a browser hands over, by each protocol."""
    wallet = scene.wallet("page.redb")
    for configuration in ["NationalIdentity", "NationalIdentityMdoc"]:
        await scene.receive(wallet, scene.offer(configuration=configuration))
    installation = scene.installation
    for name, protocol in [
        ("age-over-18", "openid4vp-v1-signed"),
        ("age-over-18", "openid4vp-v1-unsigned"),
        ("age-over-18-mdoc", "org-iso-mdoc"),
    ]:
        asked = ["--query", name, "--protocol", protocol, "--digital-credentials", "asked.json", "--json"]
        request = json.loads(installation.run("request", "create", *asked))["request_id"]
        page = (installation.folder / "asked.json").read_text()
        opened = await wallet.present_at_origin(page, installation.verifier)
        assert opened.is_AWAITING_CONSENT(), (protocol, opened)
        consent = opened.request
        assert consent.verifier.knowledge.is_UNVERIFIED() == protocol.endswith("unsigned"), consent.verifier
        outcome = await wallet.answer_at_origin(
            consent.flow, symbolon.Decision.SHARE(choice=consent.smallest_choice)
        )
        assert outcome.is_ANSWERED() and json.loads(outcome.answer)["protocol"] == protocol, outcome
        resumed = await wallet.resume(consent.flow)
        assert resumed.is_AT_ORIGIN() and resumed.outcome.answer == outcome.answer, "no second answer is made"
        (installation.folder / "answer.json").write_text(outcome.answer)
        assert "what was asked for" in installation.run("request", "answer", request, "answer.json")
        # Another page replays it.
        refused = await wallet.present_at_origin(page, "https://other.example")
        if protocol == "openid4vp-v1-signed":
            assert refused.is_REFUSED() and refused.problem == symbolon.RequestProblem.ANOTHER_ORIGIN, refused
            assert json.loads(refused.answer)["data"]["error"], refused
        declined = await wallet.present_at_origin(page, installation.verifier)
        outcome = await wallet.answer_at_origin(declined.request.flow, symbolon.Decision.DECLINE())
        assert outcome.is_DECLINED() and (outcome.answer is None) == (protocol == "org-iso-mdoc"), outcome
    for page, origin in [("{}", installation.verifier), (page, "nowhere")]:
        await scene.expect_async(symbolon.WalletError.InvalidArgument, wallet.present_at_origin(page, origin))


async def authorizes_a_transaction(scene):
    """A payment that the person sees before it is signed; a wallet that does not know the type refuses."""
    payment = scene.transaction_type()
    wallet = scene.wallet("payment.redb", verifiers=scene.rules(transaction_types=[payment]))
    await scene.receive(wallet, scene.offer())
    link, request = scene.transaction()
    opened = await wallet.open_request(link)
    [transaction] = opened.request.transactions
    assert transaction.title and transaction.details and transaction.authorized_by, transaction
    consent = opened.request
    outcome = await wallet.answer_request(consent.flow, symbolon.Decision.SHARE(choice=consent.smallest_choice))
    assert outcome.is_PRESENTED(), outcome
    [shown] = [entry.event for entry in await wallet.history() if entry.event.is_PRESENTED()]
    [authorized] = shown.transactions
    assert authorized.credential and authorized.transaction_data, authorized
    link, _ = scene.transaction()
    ignorant = scene.wallet("ignorant.redb")
    refused = await ignorant.open_request(link)
    assert refused.is_REFUSED() and refused.problem == symbolon.RequestProblem.TRANSACTION, refused
