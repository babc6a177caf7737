"""Holding: the list of an app, status, keys and locks that change, storage and memory of the app's own."""

import os
import time

import app
import symbolon


def listed(search="", order=symbolon.ListOrder.RECEIVED_LAST):
    return symbolon.ListQuery(search=search, order=order)


async def finds_sorts_and_watches_what_it_holds(scene):
    wallet = scene.wallet("holding.redb")
    for configuration in ["NationalIdentity", "MobileDrivingLicence"]:
        offer = scene.offer("--tx-code", configuration=configuration)
        shown = await wallet.receive_offer(offer["link"])
        assert (await wallet.accept_offer(shown.flow, offer["tx_code"])).is_STORED()
    by_name = await wallet.overview(listed(order=symbolon.ListOrder.NAME))
    names = [one.summary.name for one in by_name]
    assert len(names) == 2 and names == sorted(names, key=str.lower), names
    found = await wallet.overview(listed(search=names[0].upper()))
    assert [one.summary.name for one in found] == [names[0]], found
    assert await wallet.overview(listed(search="nobody is called so")) == []
    refused = await scene.expect_async(symbolon.WalletError.InvalidArgument, wallet.overview(listed("x" * 257)))
    assert refused.argument == symbolon.Argument.SEARCH
    details = await wallet.show(by_name[0].summary.id)
    assert details.status and details.status[0].list.startswith(scene.installation.issuer), details.status
    refreshed = await wallet.refresh(symbolon.RefreshScope.ALL)
    assert refreshed.due and all(one.outcome.is_READ() for one in refreshed.lists), refreshed
    assert (await wallet.refresh(symbolon.RefreshScope.DUE)).lists == [], "nothing is due so soon"
    conditions = [one.badge.condition for one in await wallet.overview(listed())]
    assert all(condition.is_VALID() for condition in conditions), conditions


async def changes_keys_and_locks(scene):
    path = scene.folder / "rotated.redb"
    file = app.open_file(path)
    lock = symbolon.PersonLock.PASSPHRASE(passphrase="correct horse battery")
    child = file.add_person("Binta", lock, None)
    wallet = app.open_wallet(file, scene.trust, person=child, lock=lock)
    credential = await scene.receive(wallet, scene.offer())
    part = symbolon.WalletPart.WALLET(person=child)
    scene.expect(symbolon.WalletError.DeviceFailed, lambda: file.rotate_key(part, lock))
    del wallet
    scene.expect(symbolon.WalletError.WrongLock, lambda: file.rotate_key(part, app.device_lock()))
    file.rotate_key(part, lock)
    file.rotate_key(symbolon.WalletPart.PEOPLE(), app.device_lock())
    new = symbolon.PersonLock.PASSPHRASE(passphrase="another horse battery")
    file.change_lock([part], lock, new)
    scene.expect(symbolon.WalletError.WrongLock, lambda: app.open_wallet(file, scene.trust, person=child, lock=lock))
    wallet = app.open_wallet(file, scene.trust, person=child, lock=new)
    assert [held.id for held in await wallet.list()] == [credential]
    file.name_person(child, "Fatoumata Binta")
    assert file.people()[1].name == "Fatoumata Binta"
    scene.expect(symbolon.WalletError.DeviceFailed, lambda: file.remove_person(child))
    del wallet
    file.remove_person(child)
    assert [person.id for person in file.people()] == [file.first_person()]


class AppStorage(symbolon.WalletStorage):
    """A file that the app opens itself, and can make fail."""

    def __init__(self, path):
        self.file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self.broken = False

    def checked(self):
        if self.broken:
            raise symbolon.StorageFailure.Unavailable()

    def length(self):
        return os.fstat(self.file).st_size

    def set_length(self, length):
        self.checked()
        os.ftruncate(self.file, length)

    def read(self, offset, count):
        found = os.pread(self.file, count, offset)
        if len(found) != count:
            raise symbolon.StorageFailure.Unavailable()
        return found

    def write(self, offset, bytes):
        self.checked()
        os.pwrite(self.file, bytes, offset)

    def sync(self):
        self.checked()
        os.fsync(self.file)


class Keychain(symbolon.DeviceLock):
    """A lock of the app's own that waits for the person."""

    def __init__(self):
        self.locked = False

    def wrap(self, data_key):
        return bytes(byte ^ 0x5A for byte in data_key) + b"wrapped"

    def unwrap(self, wrapped):
        if self.locked:
            return symbolon.UnwrappingOutcome.LOCKED()
        if not wrapped.endswith(b"wrapped"):
            raise symbolon.LockFailure.NotOurs()
        return symbolon.UnwrappingOutcome.UNWRAPPED(data_key=bytes(byte ^ 0x5A for byte in wrapped[:-7]))


async def keeps_the_wallet_where_the_app_wants_it(scene):
    path = scene.folder / "own-storage.redb"
    keychain = Keychain()
    lock = symbolon.PersonLock.DEVICE(lock=keychain)
    storage = AppStorage(path)
    file = symbolon.WalletFile.open_in(storage, lock, None)
    wallet = app.open_wallet(file, scene.trust, lock=lock)
    credential = await scene.receive(wallet, scene.offer())
    storage.broken = True
    failed = await scene.expect_async(symbolon.WalletError.DeviceFailed, wallet.delete(credential))
    assert failed.fault == symbolon.DeviceFault.STORE, failed
    del wallet, file
    keychain.locked = True
    open_again = lambda: symbolon.WalletFile.open_in(AppStorage(path), lock, None)
    scene.expect(symbolon.WalletError.Locked, open_again)
    keychain.locked = False
    file = open_again()
    wallet = app.open_wallet(file, scene.trust, lock=lock)
    assert [held.id for held in await wallet.list()] == [credential], "what failed was not done"
    del wallet, file
    image = path.read_bytes()
    assert b"NationalIdentity" not in image, "what is written there is sealed"
    path.write_bytes(image[:4096] + bytes(len(image) - 4096))
    scene.expect(symbolon.WalletError.StoreDamaged, open_again)


class AppMemory(symbolon.VerifierMemory):
    def __init__(self):
        self.kept, self.broken = None, False

    def read(self):
        return self.kept

    def write(self, bytes):
        if self.broken:
            raise RuntimeError("no error of the memory port")
        self.kept = bytes


def remembers_packs_where_the_app_wants_it(scene):
    memory = AppMemory()
    verifier = symbolon.Verifier.open_with(scene.trust, memory, None)
    older = scene.pack("memory-older.pack").read_bytes()
    memory.broken = True
    scene.expect(symbolon.VerifierError.Memory, lambda: verifier.use_pack(older))
    memory.broken = False
    verifier.use_pack(older)
    time.sleep(1.1)
    verifier.use_pack(scene.pack("memory-newer.pack").read_bytes())
    again = symbolon.Verifier.open_with(scene.trust, memory, None)
    scene.expect(symbolon.VerifierError.PackOlder, lambda: again.use_pack(older))
    time.sleep(1.1)
    later = verifier.prepare_pack(scene.pack("memory-later.pack").read_bytes())
    time.sleep(1.1)
    again.use_pack(scene.pack("memory-latest.pack").read_bytes())
    scene.expect(symbolon.VerifierError.PackOlder, later.use_now)
    [report] = verifier.verify(scene.card())
    assert report.verdict == symbolon.Verdict.UNKNOWN, "a pack that was overtaken is not judged by"
    assert report.warnings == [symbolon.ReportWarning.PACK_REFUSED()], report.warnings
