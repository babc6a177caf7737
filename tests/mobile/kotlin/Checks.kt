// The Kotlin bindings on a JVM: one step of a check each time, so that a process can be killed between them. flow.py runs it.

package symbolon.mobile.checks

import java.io.File
import java.net.ConnectException
import java.net.URI
import java.net.http.HttpClient
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.time.Duration
import javax.net.ssl.SSLContext
import kotlin.system.exitProcess
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import symbolon.mobile.*

/** The wallet's transport over the JDK's client: a new one for each request, which keeps connections and TLS sessions for itself. */
class JdkTransport : Transport {
    private fun freshClient() = HttpClient.newBuilder()
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(Duration.ofSeconds(10))
        .sslContext(SSLContext.getInstance("TLS").apply { init(null, null, null) })
        .build()

    override suspend fun send(request: HttpRequest): HttpResponse = withContext(Dispatchers.IO) {
        val asked = java.net.http.HttpRequest.newBuilder(URI(request.url)).timeout(Duration.ofSeconds(30))
        // The client's own names the version of Java.
        asked.setHeader("user-agent", "symbolon").setHeader("accept-language", "*")
        request.headers.forEach { asked.header(it.name, it.value) }
        when (request.method) {
            HttpMethod.GET -> asked.GET()
            HttpMethod.POST -> asked.POST(java.net.http.HttpRequest.BodyPublishers.ofByteArray(request.body))
        }
        val answer = try {
            freshClient().send(asked.build(), java.net.http.HttpResponse.BodyHandlers.ofInputStream())
        } catch (_: ConnectException) {
            throw TransportFailure.Unreachable()
        } catch (_: java.io.IOException) {
            throw TransportFailure.Interrupted()
        }
        val limit = request.maxResponseBytes.toInt()
        val body = answer.body().use { it.readNBytes(limit + 1) }
        if (body.size > limit) throw TransportFailure.TooLarge()
        val fields = answer.headers().map().flatMap { (name, values) -> values.map { Header(name, it) } }
        HttpResponse(answer.statusCode().toUShort(), fields, body)
    }
}

/** Keys in the JDK's own form, which is that of a phone's key store too. */
class JdkKeys : KeyStore {
    private val keys = mutableMapOf<String, KeyPair>()
    private var made = 0
    var locked = false

    override fun create(): CreatedKey {
        val generator = KeyPairGenerator.getInstance("EC")
        generator.initialize(ECGenParameterSpec("secp256r1"))
        made += 1
        val handle = "key-$made"
        keys[handle] = generator.generateKeyPair()
        return CreatedKey(handle, publicKey(handle))
    }

    override fun publicKey(handle: String): ByteArray = find(handle).public.encoded

    override fun sign(handle: String, bytes: ByteArray): SigningOutcome {
        if (locked) return SigningOutcome.Locked
        val signature = Signature.getInstance("SHA256withECDSA")
        signature.initSign(find(handle).private)
        signature.update(bytes)
        return SigningOutcome.Signed(signature.sign())
    }

    override fun delete(handle: String) {
        keys.remove(handle)
    }

    override fun list(): List<String> = keys.keys.toList()

    private fun find(handle: String) = keys[handle] ?: throw KeyFailure.Unknown()
}

/** Ends the process at a step, without giving anything the time to tidy up. */
class Deadly(private val step: String) : ProgressObserver {
    override fun observe(step: ProgressStep) {
        if (step.name == this.step) Runtime.getRuntime().halt(KILLED)
    }
}

private const val KILLED = 137

private val client = AppClient("wallet.example", "org.example.wallet:/signed-in")

private fun open(file: String, trust: String, keys: KeyStore? = null, progress: ProgressObserver? = null): Wallet {
    val lock = PersonLock.Software(ByteArray(32) { it.toByte() })
    val opened = WalletFile.open(file, lock, null)
    val settings = WalletSettings(File(trust).readBytes(), UrlRule.DEVELOPMENT, client, listOf("en"), 1u)
    return opened.unlock(opened.firstPerson(), lock, WalletPorts(JdkTransport(), keys, null, progress), settings)
}

private suspend fun receive(wallet: Wallet, link: String): ReceiveOutcome {
    val offer = wallet.receiveOffer(link)
    check(offer.issuers.single().name != null)
    return wallet.acceptOffer(offer.flow, null)
}

private suspend fun flow(file: String, trust: String, offer: String, request: String) {
    val keys = JdkKeys()
    val wallet = open(file, trust, keys)
    check(wallet.recover().unfinished.isEmpty())
    val stored = receive(wallet, offer)
    check(stored is ReceiveOutcome.Stored) { stored }
    val held = wallet.list().single()
    check(held.id == stored.credentials.single() && held.format == "dc+sd-jwt")
    check(wallet.show(held.id).claims.size > 5)

    val consent = wallet.present(request)
    check(consent.verifier.knowledge is VerifierKnowledge.Certified && consent.missing.isEmpty())
    keys.locked = true
    check(wallet.answerRequest(consent.flow, Decision.Share(consent.smallestChoice)) is PresentOutcome.KeyLocked)
    keys.locked = false
    val resumed = wallet.resume(consent.flow)
    check(resumed is Resumed.Presenting && resumed.outcome is PresentOutcome.Presented)

    wallet.delete(held.id)
    val events = wallet.history().map { it.event::class.simpleName }
    check(events == listOf("Deleted", "Presented", "Received")) { events }
    try {
        wallet.show("x")
        error("an identifier that is none was taken")
    } catch (refused: WalletException.InvalidArgument) {
        check(refused.argument == Argument.IDENTIFIER)
    }
}

private suspend fun resume(file: String, trust: String) {
    val wallet = open(file, trust)
    val resumed = wallet.resume(wallet.recover().unfinished.single())
    check(resumed is Resumed.Receiving && resumed.outcome is ReceiveOutcome.Stored) { resumed }
    check(wallet.list().size == 1)
}

/** Receives by signing in: the page is printed, and the process ends while the person is in the browser. */
private suspend fun beginSignIn(file: String, trust: String, issuer: String) {
    val wallet = open(file, trust)
    val offer = wallet.askIssuer(issuer, listOf("NationalIdentityMdoc"))
    val outcome = wallet.acceptOffer(offer.flow, null)
    check(outcome is ReceiveOutcome.SignInNeeded) { outcome }
    println(outcome.url)
}

private suspend fun endSignIn(file: String, trust: String, address: String) {
    val wallet = open(file, trust)
    val outcome = wallet.completeSignIn(wallet.recover().unfinished.single(), address)
    check(outcome is ReceiveOutcome.Stored) { outcome }
    val renewed = wallet.renew(outcome.credentials.single())
    check(renewed is ReceiveOutcome.Stored) { renewed }
    check(wallet.overview(ListQuery("", ListOrder.NAME)).single().badge.condition is Condition.Valid)
}

/** What another phone had is asked for again; the waiting list says what. */
private suspend fun restore(file: String, other: String, trust: String) {
    val backup = open(file, trust).use { it.backup("seven green bottles") }
    open(other, trust).use { wallet ->
        check(wallet.restore(backup, "seven green bottles").toReissue.size == 1)
        check(wallet.toReissue().single().credentials.single().reason == ReissueReason.RESTORED)
        try {
            wallet.restore(backup, "seven green battles")
            error("a wrong passphrase was taken")
        } catch (_: WalletException.WrongLock) {
        }
    }
}

private fun verify(trust: String, memory: String, card: String, pack: String) {
    Verifier.open(File(trust).readBytes(), memory, null).use { verifier ->
        val form = File("$pack.form")
        try {
            if (form.exists()) {
                verifier.usePack(File(pack).readBytes(), form.readBytes())
            } else {
                val prepared = verifier.preparePack(File(pack).readBytes())
                check(verifier.packInUse() == null && prepared.pack().contentEquals(File(pack).readBytes()))
                form.writeBytes(prepared.form())
                check(prepared.useNow() == verifier.packInUse())
            }
        } catch (older: VerifierException.PackOlder) {
            println("PACK_OLDER")
            return
        }
        val report = verifier.verify(listOf(File(card).readText())).single()
        check(report.asOf != null && report.photo != null && report.claims.isNotEmpty())
        println("${report.verdict} ${report.status}")
    }
}

fun main(arguments: Array<String>) = runBlocking {
    val given = arguments.drop(1)
    when (arguments.first()) {
        "flow" -> flow(given[0], given[1], given[2], given[3])
        "killed" -> receive(open(given[0], given[1], progress = Deadly(given[2])), given[3]).let { error("it lives") }
        "resume" -> resume(given[0], given[1])
        "verify" -> verify(given[0], given[1], given[2], given[3])
        "receive" -> check(receive(open(given[0], given[1]), given[2]) is ReceiveOutcome.Stored)
        "begin-sign-in" -> beginSignIn(given[0], given[1], given[2])
        "end-sign-in" -> endSignIn(given[0], given[1], given[2])
        "restore" -> restore(given[0], given[1], given[2])
        "codes" -> codes(open(given[0], given[1]), given[1], given[2], given[3], given[4], given[5])
        "face-to-face" -> faceToFace(open(given[0], given[1]), given[1], given[2], given[3], given[4], given[5])
        "page" -> page(open(given[0], given[1]), given[2], given[3], given[4])
        else -> exitProcess(2)
    }
}
