// The ports for Android, compiled against Android's classes and run on a JVM over a phone of the checks' own (Phone.kt). flow.py runs it.

package symbolon.mobile.android.checks

import android.security.keystore.KeyProperties
import android.security.keystore.UserNotAuthenticatedException
import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import com.sun.net.httpserver.HttpsConfigurator
import com.sun.net.httpserver.HttpsExchange
import com.sun.net.httpserver.HttpsParameters
import com.sun.net.httpserver.HttpsServer
import java.io.File
import java.net.CookieHandler
import java.net.CookieManager
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.security.InvalidKeyException
import java.security.KeyFactory
import java.security.ProviderException
import java.security.Signature
import java.security.SignatureException
import java.security.UnrecoverableKeyException
import java.security.spec.X509EncodedKeySpec
import javax.net.ssl.KeyManagerFactory
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLParameters
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
    keysUnderAStrongerGuard()
    troubleKillsNoKey(keys, made.handle)
    val guardedLess = KeystoreKeys(PERSON, Guard.ScreenLock(30), ANDROID_15)
    val later = guardedLess.create().handle
    Phone.enrolAnotherFinger()
    for (older in listOf(false, true)) {
        Phone.handsOutEnded = older
        refused<KeyFailure.Invalidated> { keys.sign(made.handle, message) }
        refused<KeyFailure.Invalidated> { keys.publicKey(made.handle) }
    }
    Phone.handsOutEnded = false
    check(guardedLess.sign(later, message) is SigningOutcome.Signed)

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

/** A key does not become safer by what is demanded of it later: it is dead, and its credential is issued again. */
private fun keysUnderAStrongerGuard() {
    val message = "message".toByteArray()
    fun port(guard: Guard, sdk: Int = ANDROID_15) = KeystoreKeys(ANOTHER, guard, sdk)
    val guards = listOf(Guard.Open, Guard.ScreenLock(60), Guard.ScreenLock(30), Guard.Biometry(30))
    val handles = guards.map { port(it).create().handle }
    for ((made, handle) in handles.withIndex()) for ((demanded, guard) in guards.withIndex()) {
        if (made >= demanded) {
            check(port(guard).sign(handle, message) is SigningOutcome.Signed) { "${guards[made]} for $guard" }
            port(guard).publicKey(handle)
        } else {
            refused<KeyFailure.Invalidated> { port(guard).sign(handle, message) }
            refused<KeyFailure.Invalidated> { port(guard).publicKey(handle) }
        }
    }
    refused<KeyFailure.Invalidated> { port(Guard.Biometry(30)).sign(handles[2], message) }
    check(port(Guard.ScreenLock(30), ANDROID_9).sign(handles[2], message) is SigningOutcome.Signed)
    port(Guard.Open).run { list().forEach(::delete) }
}

/** One exception alone says that a key is dead. */
private fun troubleKillsNoKey(keys: KeystoreKeys, handle: String) {
    val message = "message".toByteArray()
    val troubles = listOf(
        UnrecoverableKeyException(), InvalidKeyException(), ProviderException("busy"), IllegalStateException("locked out"),
        SignatureException(ProviderException("cancelled")), InvalidKeyException(UnrecoverableKeyException()),
    )
    for (trouble in troubles) {
        Phone.trouble = trouble
        refused<KeyFailure.Failed> { keys.sign(handle, message) }
        Phone.trouble = InvalidKeyException(UserNotAuthenticatedException())
        check(keys.sign(handle, message) is SigningOutcome.Locked)
        keys.publicKey(handle)
    }
    Phone.trouble = null
    check(keys.sign(handle, message) is SigningOutcome.Signed)
}

private fun lockUnderAStrongerGuard() {
    fun dataKey() = ByteArray(32) { it.toByte() }
    val older = KeystoreLock("file", Guard.ScreenLock(30), ANDROID_15)
    val newer = KeystoreLock("file", Guard.Biometry(30), ANDROID_15)
    val before = older.wrap(dataKey())
    refused<LockFailure.Gone> { newer.unwrap(before) }
    // As a change of the wallet's lock does: opened by the old one, wrapped by the new one, and both in force until it is written.
    val after = newer.wrap((older.unwrap(before) as UnwrappingOutcome.Unwrapped).dataKey)
    check(Phone.entries.size == 2 && Phone.entries.values.last().spec.userAuthenticationType == KeyProperties.AUTH_BIOMETRIC_STRONG)
    check(older.unwrap(before) is UnwrappingOutcome.Unwrapped)
    check((newer.unwrap(after) as UnwrappingOutcome.Unwrapped).dataKey.contentEquals(dataKey()))
    refused<LockFailure.Gone> { newer.unwrap(before) }
    newer.destroyWeaker()
    check(Phone.entries.size == 1)
    check(newer.unwrap(after) is UnwrappingOutcome.Unwrapped && newer.unwrap(newer.wrap(dataKey())) is UnwrappingOutcome.Unwrapped)
    refused<LockFailure.NotOurs> { older.unwrap(before) }
    for (trouble in listOf(UnrecoverableKeyException(), InvalidKeyException(), ProviderException("locked out"))) {
        Phone.trouble = trouble
        refused<LockFailure.Unavailable> { newer.unwrap(after) }
    }
    Phone.trouble = null
    Phone.enrolAnotherFinger()
    refused<LockFailure.Gone> { newer.unwrap(after) }
    newer.destroy()
    check(Phone.entries.isEmpty())
}

private fun lock() {
    lockUnderAStrongerGuard()
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

/** A key that would count as dead at its first use is not made, and one that has its guard counts, whatever else is said of it. */
private fun keystoresThatDoNotAsTheyWereTold() {
    for (guard in listOf(Guard.ScreenLock(30), Guard.Biometry(30))) {
        val keys = KeystoreKeys(PERSON, guard, ANDROID_15)
        val lock = KeystoreLock("file", guard, ANDROID_15)
        Phone.keepsToNoGuard = true
        refused<KeyFailure.Failed> { keys.create() }
        refused<LockFailure.Unavailable> { lock.wrap(ByteArray(32)) }
        check(Phone.entries.isEmpty())
        Phone.keepsToNoGuard = false
        Phone.forgetsEnrolment = true
        check(keys.sign(keys.create().handle, ByteArray(3)) is SigningOutcome.Signed)
        check(lock.unwrap(lock.wrap(ByteArray(32))) is UnwrappingOutcome.Unwrapped)
        Phone.forgetsEnrolment = false
        Phone.entries.clear()
    }
}

private fun answer(exchange: HttpExchange, status: Int, body: String, vararg fields: Pair<String, String>) {
    fields.forEach { (name, value) -> exchange.responseHeaders.add(name, value) }
    exchange.sendResponseHeaders(status, body.length.toLong().takeIf { it > 0 } ?: -1)
    exchange.responseBody.use { it.write(body.toByteArray()) }
}

private suspend fun transport() {
    val server = HttpServer.create(InetSocketAddress("127.0.0.1", 0), 0)
    val asked = mutableListOf<String>()
    val connections = mutableListOf<Int>()
    server.createContext("/") { exchange ->
        asked += exchange.requestURI.path
        connections += exchange.remoteAddress.port
        val body = exchange.requestBody.readBytes().decodeToString()
        when (exchange.requestURI.path) {
            "/echo" -> answer(exchange, 200, "$body ${exchange.requestHeaders.getFirst("x-asked")} " +
                "${exchange.requestHeaders["user-agent"]} ${exchange.requestHeaders["accept-language"]} ${exchange.requestHeaders.getFirst("cookie")}",
                "x-answered" to "1", "x-answered" to "2")
            "/redirect" -> answer(exchange, 302, "", "location" to "/echo")
            "/error" -> answer(exchange, 400, "wrong")
            "/nonce" -> answer(exchange, 401, "", "dpop-nonce" to "n")
            else -> exchange.close()
        }
    }
    server.start()
    val base = "http://127.0.0.1:${server.address.port}"
    val transport = UrlTransport()
    suspend fun send(
        path: String, limit: Int = 100, method: HttpMethod = HttpMethod.POST, url: String = base + path, more: List<Header> = emptyList(),
    ): HttpResponse {
        val body = if (method == HttpMethod.POST) "body".toByteArray() else ByteArray(0)
        return transport.send(HttpRequest(method, url, listOf(Header("x-asked", "yes")) + more, body, limit.toULong()))
    }
    send("/echo").run {
        check(status == 200.toUShort() && body.decodeToString() == "body yes [symbolon] [*] null") { body.decodeToString() }
        check(headers.filter { it.name.lowercase() == "x-answered" }.map { it.value }.toSet() == setOf("1", "2"))
    }
    check(send("/echo", method = HttpMethod.GET).body.decodeToString() == " yes [symbolon] [*] null")
    val language = listOf(Header("accept-language", "fr"))
    check(send("/echo", more = language).body.decodeToString() == "body yes [symbolon] [fr] null")
    check(send("/echo", limit = 28).body.size == 28)
    refused<TransportFailure.TooLarge> { send("/echo", limit = 27) }
    check(connections.size == 5 && connections.toSet().size == 5) { "connections were used again: $connections" }
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
        val asked = HttpRequest(HttpMethod.GET, "http://127.0.0.1:${slow.localPort}/", emptyList(), ByteArray(0), 100uL)
        refused<TransportFailure.Interrupted> { UrlTransport(totalMilliseconds = 1_000).send(asked) }
    }
}

/** A server that both an issuer and a verifier may stand behind sees a stranger in every request. */
private suspend fun tlsSessions(keystore: String, password: String) {
    val keys = java.security.KeyStore.getInstance(File(keystore), password.toCharArray())
    val managers = KeyManagerFactory.getInstance("PKIX").apply { init(keys, password.toCharArray()) }.keyManagers
    val server = HttpsServer.create(InetSocketAddress("127.0.0.1", 0), 0)
    val sessions = mutableListOf<List<Byte>>()
    server.httpsConfigurator = object : HttpsConfigurator(SSLContext.getInstance("TLS").apply { init(managers, null, null) }) {
        // Of this version a session that is resumed keeps its name.
        override fun configure(parameters: HttpsParameters) = parameters.setSSLParameters(SSLParameters(null, arrayOf("TLSv1.2")))
    }
    server.createContext("/") { exchange ->
        sessions += (exchange as HttpsExchange).sslSession.id.toList()
        answer(exchange, 200, "here")
    }
    server.start()
    val url = "https://localhost:${server.address.port}/"
    repeat(2) {
        val answer = UrlTransport().send(HttpRequest(HttpMethod.GET, url, emptyList(), ByteArray(0), 10uL))
        check(answer.body.decodeToString() == "here")
    }
    server.stop(0)
    check(sessions.size == 2 && sessions.none { it.isEmpty() } && sessions[0] != sessions[1]) { "a session was resumed" }
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
    val stronger = KeystoreLock("file", Guard.Biometry(30), ANDROID_15)
    refused<WalletException.KeyGone> { open(file, trust, null, stronger) }
    WalletFile.open(file, PersonLock.Device(lock), null).use {
        it.changeLock(listOf(WalletPart.People, WalletPart.Wallet(person)), PersonLock.Device(lock), PersonLock.Device(stronger))
    }
    stronger.destroyWeaker()
    val wallet = open(file, trust, KeystoreKeys(person, Guard.Biometry(30), ANDROID_15), stronger)
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
    check(wallet.toReissue().single().credentials.first().reason == ReissueReason.KEY_ENDED)
}

fun main(arguments: Array<String>) = runBlocking {
    Phone.install()
    when (arguments.first()) {
        "ports" -> {
            keys()
            lock()
            keystoresThatDoNotAsTheyWereTold()
            transport()
            tlsSessions(arguments[1], arguments[2])
        }
        "flow" -> flow(arguments[1], arguments[2], arguments[3], arguments.drop(4))
        else -> error("ports or flow")
    }
}
