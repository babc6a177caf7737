"""Receiving beyond the code of an offer: signing in, waiting, copies, renewal, a new phone."""

import asyncio
import json

import app
import symbolon
from resident import Browser

CLIENT = symbolon.AppClient(client_id="wallet.example", redirect_uri="org.example.wallet:/signed-in")


async def signs_in_and_renews(scene):
    wallet = scene.wallet("sign-in.redb", client=CLIENT)
    shown = await wallet.ask_issuer(scene.installation.issuer, ["NationalIdentity"])
    outcome = await wallet.accept_offer(shown.flow, None)
    assert outcome.is_SIGN_IN_NEEDED(), outcome
    # The app dies while the person is in the browser, and tells the page again when it is back.
    del wallet
    wallet = scene.wallet("sign-in.redb", client=CLIENT)
    assert (await wallet.recover()).unfinished == [shown.flow]
    again = (await wallet.resume(shown.flow)).outcome
    assert again.is_SIGN_IN_NEEDED(), again
    back = await asyncio.to_thread(Browser(scene.installation).sign_in, again.url)
    assert back.startswith(CLIENT.redirect_uri), back
    await scene.expect_async(
        symbolon.WalletError.ForeignAnswer, wallet.complete_sign_in(shown.flow, back.replace("state=", "state=x"))
    )
    outcome = await wallet.complete_sign_in(shown.flow, back)
    assert outcome.is_STORED(), outcome
    [credential] = outcome.credentials
    renewed = await wallet.renew(credential)
    assert renewed.is_STORED() and renewed.credentials != [credential], renewed
    assert [held.id for held in await wallet.list()] == renewed.credentials

    declined = await wallet.ask_issuer_by_scope(scene.installation.issuer, "NationalIdentity")
    outcome = await wallet.accept_offer(declined.flow, None)
    back = await asyncio.to_thread(Browser(scene.installation).sign_in, outcome.url, "/consent/refuse")
    refused = await wallet.complete_sign_in(declined.flow, back)
    assert refused.is_REFUSED() and refused.refusal == symbolon.ReceiptRefusal.DENIED, refused
    await scene.expect_async(symbolon.WalletError.InvalidArgument, wallet.ask_issuer("nowhere", ["a"]))


async def is_issued_again_on_a_new_phone(scene):
    """Two credentials, one sign-in; with a backup from one phone to the other."""
    old = scene.wallet("old-phone.redb")
    for configuration in ["NationalIdentity", "NationalIdentityMdoc"]:
        await scene.receive(old, scene.offer(configuration=configuration))
    passphrase = "seven green bottles"
    backup = await old.backup(passphrase)
    new = scene.wallet("new-phone.redb", client=CLIENT)
    await scene.expect_async(symbolon.WalletError.WrongLock, new.restore(backup, "seven green battles"))
    for broken in [b"no backup", backup[:-1], backup[:-1] + bytes([backup[-1] ^ 1])]:
        refused = await scene.expect_async(symbolon.WalletError.InvalidArgument, new.restore(broken, passphrase))
        assert refused.argument == symbolon.Argument.BACKUP, refused
    restored = await new.restore(backup, passphrase)
    assert len(restored.to_reissue) == 2 and restored.history == 2, restored
    [waiting] = await new.to_reissue()
    assert {one.reason for one in waiting.credentials} == {symbolon.ReissueReason.RESTORED}
    assert {one.format for one in waiting.credentials} == {"dc+sd-jwt", "mso_mdoc"}
    assert waiting.issuer_name and all(one.name for one in waiting.credentials)
    shown = await new.reissue(waiting.issuer)
    outcome = await new.accept_offer(shown.flow, None)
    assert outcome.is_SIGN_IN_NEEDED(), outcome
    back = await asyncio.to_thread(Browser(scene.installation).sign_in, outcome.url)
    outcome = await new.complete_sign_in(shown.flow, back)
    assert outcome.is_STORED() and len(outcome.credentials) == 2, outcome
    assert await new.to_reissue() == []
    await scene.expect_async(symbolon.WalletError.NotFound, new.reissue(waiting.issuer))
    # The platform ends a key: the credential is noted, and can be given up.
    keys = scene.keys()
    wallet = scene.wallet("ended.redb", keys=keys)
    credential = await scene.receive(wallet, scene.offer())
    assert await wallet.note_ended_keys() == []
    keys.keys.clear()
    assert await wallet.note_ended_keys() == [credential]
    [listed] = await wallet.overview(symbolon.ListQuery(search="", order=symbolon.ListOrder.NAME))
    assert listed.badge.condition.is_KEY_ENDED(), listed
    [waiting] = await wallet.to_reissue()
    assert waiting.credentials[0].reason == symbolon.ReissueReason.KEY_ENDED
    await wallet.forget_reissue(credential)
    assert await wallet.to_reissue() == []


async def waits_for_the_issuer_and_shows_each_copy_once(scene):
    """An installation whose operator approves each identity, and which makes several copies at once."""
    file = scene.installation.folder / "credentials" / "NationalIdentity.toml"
    before = file.read_text()
    configuration = scene.installation.folder / "symbolon.toml"
    written = configuration.read_text()
    file.write_text(before.replace("validity-days = 365", 'validity-days = 365\nissuance = "approval"'))
    configuration.write_text(written + "\n[issuer.credentials]\nbatch_size = 4\ndeferred_interval_seconds = 1\n")
    scene.installation.start_again("issuer")
    wallet = scene.wallet("waits.redb", copies=3)
    shown = await wallet.receive_offer(scene.offer()["link"])
    outcome = await wallet.accept_offer(shown.flow, None)
    assert outcome.is_DEFERRED(), outcome
    assert (await wallet.resume(shown.flow)).outcome.is_DEFERRED()
    [pending] = json.loads(scene.installation.run("credential", "pending", "--json"))
    scene.installation.run("credential", "approve", pending["id"])
    del wallet
    await asyncio.sleep(2)
    wallet = scene.wallet("waits.redb", copies=3)
    [flow] = (await wallet.recover()).unfinished
    outcome = (await wallet.resume(flow)).outcome
    assert outcome.is_STORED(), outcome
    # The wallet has told that it holds the credential, and the operator sees it.
    assert "wallet says credential_accepted" in scene.installation.run("credential", "list")
    query = symbolon.ListQuery(search="", order=symbolon.ListOrder.RECEIVED_LAST)
    [listed] = await wallet.overview(query)
    assert listed.badge.condition.is_VALID(), listed
    for left in [2, 1]:
        link, request = scene.request()
        consent = await wallet.present(link)
        outcome = await wallet.answer_request(consent.flow, symbolon.Decision.SHARE(choice=consent.smallest_choice))
        assert outcome.is_PRESENTED(), outcome
        scene.was_found_valid(request)
    [listed] = await wallet.overview(query)
    assert listed.badge.condition.is_COPIES_RUNNING_OUT() and listed.badge.condition.left == 1, listed
    assert listed.summary.copies_left == 1, listed
    [refilled] = await wallet.refill()
    assert refilled.credential == listed.summary.id, refilled
    # The operator has to approve again, so the copies come later, or there is no access to ask with.
    assert refilled.outcome.is_WAITING() or refilled.outcome.is_NO_ACCESS(), refilled
    file.write_text(before)
    configuration.write_text(written)
    scene.installation.start_again("issuer")
