// The ports for Android, compiled against Android's classes and run on a JVM over a phone of the checks' own (Phone.kt). flow.py runs it.

package symbolon.mobile.android.checks

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import java.io.File
import java.net.CookieHandler
import java.net.CookieManager
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.security.KeyFactory
import java.security.Signature
import java.security.spec.X509EncodedKeySpec
import kotlin.concurrent.thread
import kotlinx.coroutines.runBlocking
import symbolon.mobile.*
import symbolon.mobile.android.Guard
import symbolon.mobile.android.KeystoreKeys
import symbolon.mobile.android.KeystoreLock
import symbolon.mobile.android.UrlTransport

private const val ANDROID_9 = 28
private const val ANDROID_11 = 30
private const val ANDROID_15 = 35
private val PERSON = "0".repeat(31) + "1"
private val ANOTHER = "0".repeat(31) + "2"

private inline fun <reified E : Throwable> refused(act: () -> Unit) {
    try {
        act()
    } catch (error: Throwable) {
        check(error is E) { "refused as $error" }
        return
    }
    error("not refused: ${E::class.simpleName}")
}

private fun keys() {
    Phone.strongBox = false
    val challenge = ByteArray(16) { 7 }
    val keys = KeystoreKeys(PERSON, Guard.Biometry(30), ANDROID_15) { challenge }
    val made = keys.create()
    check(keys.publicKey(made.handle).contentEquals(made.publicKey))
    val message = "message".toByteArray()
    val signed = keys.sign(made.handle, message) as SigningOutcome.Signed
    val public = KeyFactory.getInstance("EC").generatePublic(X509EncodedKeySpec(made.publicKey))
    val verifier = Signature.getInstance("SHA256withECDSA").apply { initVerify(public); update(message) }
    check(verifier.verify(signed.signature))

    check(keys.attestationChain(made.publicKey).single().contentEquals(challenge + made.publicKey))

    val entry = Phone.entries.values.single()
    check(!entry.spec.isStrongBoxBacked)
    Phone.strongBox = true
    val inStrongBox = keys.create()
    check(keys.attestationChain(inStrongBox.publicKey).single().contentEquals(challenge + inStrongBox.publicKey))
    check(Phone.entries.values.last().spec.isStrongBoxBacked)
    check(keys.list() == listOf(made.handle, inStrongBox.handle))
    check(KeystoreKeys(ANOTHER, Guard.Open, ANDROID_15).list().isEmpty())
    refused<KeyFailure.Unknown> { KeystoreKeys(ANOTHER, Guard.Open, ANDROID_15).sign(made.handle, message) }
    refused<KeyFailure.Unknown> { KeystoreKeys(ANOTHER, Guard.Open, ANDROID_15).attestationChain(made.publicKey) }

    Phone.personIsThere = false
    check(keys.sign(made.handle, message) is SigningOutcome.Locked)
    Phone.personIsThere = true
    val later = KeystoreKeys(PERSON, Guard.ScreenLock(30), ANDROID_15).create().handle
    Phone.enrolAnotherFinger()
    refused<KeyFailure.Invalidated> { keys.sign(made.handle, message) }
    check(keys.sign(later, message) is SigningOutcome.Signed)

    keys.delete(made.handle)
    keys.delete(made.handle)
    refused<KeyFailure.Unknown> { keys.publicKey(made.handle) }
    refused<KeyFailure.Unknown> { keys.sign(made.handle, message) }
    refused<KeyFailure.Unknown> { keys.attestationChain(made.publicKey) }

    refused<IllegalArgumentException> { KeystoreKeys(PERSON, Guard.Biometry(30), ANDROID_9) }
    refused<IllegalArgumentException> { KeystoreKeys("$PERSON.", Guard.Open, ANDROID_9) }
    val guards = mapOf(Guard.Open to false, Guard.ScreenLock(5) to true)
    for ((guard, asks) in guards) for (sdk in listOf(ANDROID_9, ANDROID_11)) {
        KeystoreKeys(ANOTHER, guard, sdk).create()
        val spec = Phone.entries.values.last().spec
        check(spec.isUserAuthenticationRequired == asks && (!asks || spec.userAuthenticationValidityDurationSeconds == 5))
    }
    Phone.entries.clear()
}

private fun lock() {
    val lock = KeystoreLock("file", Guard.Biometry(30), ANDROID_15)
    fun dataKey() = ByteArray(32) { it.toByte() }
    refused<LockFailure.Gone> { lock.unwrap(byteArrayOf(1) + ByteArray(60)) }
    val given = dataKey()
    val wrapped = lock.wrap(given)
    check(given.all { it == 0.toByte() })
    check(wrapped.size == 61 && !lock.wrap(dataKey()).contentEquals(wrapped))
    check((lock.unwrap(wrapped) as UnwrappingOutcome.Unwrapped).dataKey.contentEquals(dataKey()))
    for (place in wrapped.indices) {
        val changed = wrapped.copyOf()
        changed[place] = (changed[place].toInt() xor 1).toByte()
        refused<LockFailure.NotOurs> { lock.unwrap(changed) }
    }
    refused<LockFailure.NotOurs> { lock.unwrap(wrapped.copyOf(60)) }
    KeystoreLock("other", Guard.Open, ANDROID_15).run {
        wrap(dataKey())
        refused<LockFailure.NotOurs> { unwrap(wrapped) }
    }

    Phone.personIsThere = false
    check(lock.unwrap(wrapped) is UnwrappingOutcome.Locked)
    refused<LockFailure.Unavailable> { lock.wrap(dataKey()) }
    Phone.personIsThere = true
    Phone.enrolAnotherFinger()
    refused<LockFailure.Gone> { lock.unwrap(wrapped) }
    refused<LockFailure.Gone> { lock.wrap(dataKey()) }
    lock.destroy()
    lock.destroy()
    check((lock.unwrap(lock.wrap(dataKey())) as UnwrappingOutcome.Unwrapped).dataKey.contentEquals(dataKey()))
    Phone.entries.clear()
}

private fun answer(exchange: HttpExchange, status: Int, body: String, vararg fields: Pair<String, String>) {
    fields.forEach { (name, value) -> exchange.responseHeaders.add(name, value) }
    exchange.sendResponseHeaders(status, body.length.toLong().takeIf { it > 0 } ?: -1)
    exchange.responseBody.use { it.write(body.toByteArray()) }
}

private suspend fun transport() {
    val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0)
    val asked = mutableListOf<String>()
    server.createContext("/") { exchange ->
        asked += exchange.requestURI.path
        val body = exchange.requestBody.readBytes().decodeToString()
        when (exchange.requestURI.path) {
            "/echo" -> answer(exchange, 200, "$body ${exchange.requestHeaders.getFirst("x-asked")} " +
                "${exchange.requestHeaders.getFirst("user-agent")} ${exchange.requestHeaders.getFirst("cookie")}", "x-answered" to "1", "x-answered" to "2")
            "/redirect" -> answer(exchange, 302, "", "location" to "/echo")
            "/error" -> answer(exchange, 400, "wrong")
            "/nonce" -> answer(exchange, 401, "", "dpop-nonce" to "n")
            else -> exchange.close()
        }
    }
    server.start()
    val base = "http://127.0.0.1:${server.address.port}"
    val transport = UrlTransport(totalMilliseconds = 1_000)
    suspend fun send(path: String, limit: Int = 100, method: HttpMethod = HttpMethod.POST, url: String = base + path): HttpResponse {
        val body = if (method == HttpMethod.POST) "body".toByteArray() else ByteArray(0)
        return transport.send(HttpRequest(method, url, listOf(Header("x-asked", "yes")), body, limit.toULong()))
    }
    send("/echo").run {
        check(status == 200.toUShort() && body.decodeToString() == "body yes symbolon null") { body.decodeToString() }
        check(headers.filter { it.name.lowercase() == "x-answered" }.map { it.value }.toSet() == setOf("1", "2"))
    }
    check(send("/echo", method = HttpMethod.GET).body.decodeToString() == " yes symbolon null")
    check(send("/echo", limit = 22).body.size == 22)
    refused<TransportFailure.TooLarge> { send("/echo", limit = 21) }
    asked.clear()
    send("/redirect").run { check(status == 302.toUShort() && headers.any { it.value == "/echo" }) }
    check(asked == listOf("/redirect")) { asked }
    send("/error").run { check(status == 400.toUShort() && body.decodeToString() == "wrong") }
    send("/nonce").run { check(status == 401.toUShort() && headers.any { it.name.lowercase() == "dpop-nonce" }) }
    asked.clear()
    refused<TransportFailure.Interrupted> { send("/cut") }
    check(asked == listOf("/cut")) { "sent $asked" }
    refused<TransportFailure.Refused> { send("", url = "file:///etc/passwd") }
    CookieHandler.setDefault(CookieManager())
    refused<TransportFailure.Refused> { send("/echo") }
    CookieHandler.setDefault(null)
    server.stop(0)
    refused<TransportFailure.Unreachable> { send("/echo") }

    ServerSocket(0).use { slow ->
        thread(isDaemon = true) {
            slow.accept().getOutputStream().run {
                write("HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n".toByteArray())
                repeat(20) {
                    flush()
                    Thread.sleep(200)
                    write(1)
                }
            }
        }
        refused<TransportFailure.Interrupted> { send("", method = HttpMethod.GET, url = "http://127.0.0.1:${slow.localPort}/") }
    }
}

private fun open(file: String, trust: String, keys: KeystoreKeys?, lock: KeystoreLock): Wallet {
    val opened = WalletFile.open(file, PersonLock.Device(lock), null)
    val settings = WalletSettings(File(trust).readBytes(), UrlRule.DEVELOPMENT, null, listOf("en"), 2u)
    return opened.use {
        it.unlock(it.firstPerson(), PersonLock.Device(lock), WalletPorts(UrlTransport(), keys, null, null), settings)
    }
}

/** Receives and presents with keys of the phone, past a lock that waits, until another finger ends the keys. */
private suspend fun flow(file: String, trust: String, offer: String, requests: List<String>) {
    val lock = KeystoreLock("file", Guard.ScreenLock(30), ANDROID_15)
    open(file, trust, null, lock).close()
    Phone.personIsThere = false
    refused<WalletException.Locked> { open(file, trust, null, lock) }
    Phone.personIsThere = true

    val person = WalletFile.open(file, PersonLock.Device(lock), null).use { it.firstPerson() }
    val wallet = open(file, trust, KeystoreKeys(person, Guard.Biometry(30), ANDROID_15), lock)
    wallet.recover()
    val offered = wallet.receiveOffer(offer)
    Phone.personIsThere = false
    val waits = wallet.acceptOffer(offered.flow, null)
    check(waits is ReceiveOutcome.KeyLocked) { waits::class }
    Phone.personIsThere = true
    val received = (wallet.resume(offered.flow) as Resumed.Receiving).outcome
    check(received is ReceiveOutcome.Stored) { received::class }

    val consent = wallet.present(requests[0])
    Phone.personIsThere = false
    check(wallet.answerRequest(consent.flow, Decision.Share(consent.smallestChoice)) is PresentOutcome.KeyLocked)
    Phone.personIsThere = true
    val resumed = wallet.resume(consent.flow)
    check(resumed is Resumed.Presenting && resumed.outcome is PresentOutcome.Presented)

    Phone.enrolAnotherFinger()
    val again = wallet.present(requests[1])
    refused<WalletException.KeyGone> { wallet.answerRequest(again.flow, Decision.Share(again.smallestChoice)) }
}

fun main(arguments: Array<String>) = runBlocking {
    Phone.install()
    when (arguments.first()) {
        "ports" -> {
            keys()
            lock()
            transport()
        }
        "flow" -> flow(arguments[1], arguments[2], arguments[3], arguments.drop(4))
        else -> error("ports or flow")
    }
}
