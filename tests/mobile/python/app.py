"""What an app hands in: a transport over urllib, a lock, an observer."""

import asyncio
import os
import signal
import urllib.error
import urllib.request

import symbolon
from resident import KeepRedirects

LOCK = bytes(range(32))


class UrlTransport(symbolon.Transport):
    """The wallet's transport over the standard library, which closes every connection and keeps no TLS session."""

    def __init__(self):
        self.opener = urllib.request.build_opener(KeepRedirects)

    async def send(self, request):
        return await asyncio.to_thread(self.fetch, request)

    def fetch(self, request):
        method = {symbolon.HttpMethod.GET: "GET", symbolon.HttpMethod.POST: "POST"}[request.method]
        body = request.body if method == "POST" else None
        # The library's own names the version of the language.
        headers = {"user-agent": "symbolon", "accept-language": "*"}
        headers.update((header.name, header.value) for header in request.headers)
        asked = urllib.request.Request(request.url, data=body, headers=headers, method=method)
        try:
            answer = self.opener.open(asked, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        except urllib.error.URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                raise symbolon.TransportFailure.Unreachable() from error
            raise symbolon.TransportFailure.Interrupted() from error
        with answer:
            read = answer.read(request.max_response_bytes + 1)
            if len(read) > request.max_response_bytes:
                raise symbolon.TransportFailure.TooLarge()
            fields = [symbolon.Header(name=name, value=value) for name, value in answer.headers.items()]
            return symbolon.HttpResponse(status=answer.status, headers=fields, body=read)


class Observer(symbolon.ProgressObserver):
    """Writes down every step, and has the process killed at one of them."""

    def __init__(self, deadly=None):
        self.deadly, self.steps = deadly, []

    def observe(self, step):
        self.steps.append(step)
        if step.name == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)


class FixedClock(symbolon.WalletClock):
    def __init__(self, seconds):
        self.seconds = seconds

    def now(self):
        return self.seconds


def device_lock():
    return symbolon.PersonLock.SOFTWARE(key=LOCK)


def open_file(path):
    return symbolon.WalletFile.open(str(path), device_lock(), None)


def open_wallet(
    file,
    root_of_trust,
    observer=None,
    keys=None,
    person=None,
    lock=None,
    transport=None,
    copies=1,
    client=None,
    verifiers=None,
    attester=None,
    key_attester=None,
):
    settings = symbolon.WalletSettings(
        root_of_trust=root_of_trust,
        urls=symbolon.UrlRule.DEVELOPMENT,
        client=client,
        languages=["en"],
        copies=copies,
        verifiers=verifiers,
    )
    ports = symbolon.WalletPorts(
        transport=transport or UrlTransport(),
        keys=keys,
        clock=None,
        progress=observer,
        attester=attester,
        key_attester=key_attester,
    )
    return file.unlock(person or file.first_person(), lock or device_lock(), ports, settings)
