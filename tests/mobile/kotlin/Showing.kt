// Showing without a network and to pages, in one process with the verifier of a merchant's app.

package symbolon.mobile.checks

import java.io.File
import java.security.KeyFactory
import java.security.Signature
import java.security.cert.CertificateFactory
import java.security.spec.PKCS8EncodedKeySpec
import java.util.Base64
import java.util.UUID
import kotlin.random.Random
import symbolon.mobile.*

/** The one key of a merchant, from a PEM file. */
class PemKeys(path: File) : KeyStore {
    private val key = path.readLines().filter { !it.startsWith("-----") }.joinToString("").let {
        KeyFactory.getInstance("EC").generatePrivate(PKCS8EncodedKeySpec(Base64.getDecoder().decode(it)))
    }

    override fun create(): CreatedKey = throw KeyFailure.Failed()

    override fun publicKey(handle: String): ByteArray = throw KeyFailure.Failed()

    override fun sign(handle: String, bytes: ByteArray): SigningOutcome {
        val signature = Signature.getInstance("SHA256withECDSA")
        signature.initSign(key)
        signature.update(bytes)
        return SigningOutcome.Signed(signature.sign())
    }

    override fun delete(handle: String) = throw KeyFailure.Failed()

    override fun list(): List<String> = listOf("only")
}

private fun merchant(keys: File): VerifierIdentity {
    val chain = File(keys, "request-signing.chain.pem").inputStream().use {
        CertificateFactory.getInstance("X.509").generateCertificates(it).map { one -> one.encoded }
    }
    return VerifierIdentity(chain, PemKeys(File(keys, "request-signing.key.pem")), "only", "Shop at the corner")
}

private fun shop(trust: String, memory: String, pack: String): Verifier {
    val verifier = Verifier.open(File(trust).readBytes(), memory, null)
    verifier.usePack(File(pack).readBytes())
    return verifier
}

/** The message as another device has it that filmed the codes, and missed every third. */
private fun filmed(message: CodeMessage): CodeMessage {
    val frames = CodeFrames(message, CodeSize.DENSE)
    val reader = CodeReader()
    repeat(20 * frames.fragments().toInt() + 20) {
        val code = frames.next()!!
        if (it % 3 != 0) {
            val progress = reader.take(code)
            if (progress is CodeProgress.Complete) return progress.message
        }
    }
    error("the message did not come")
}

/** Loses a third of the frames and moves the others, and sends them until they have come in their order, as the link of Bluetooth does. */
private class Radio(seed: Int, receiver: BleReceiver) {
    private val chance = Random(seed)
    private val assembler = BleAssembler(receiver)

    fun carry(message: ByteArray): ByteArray {
        val frames = bleFrames(message, 64u)
        val arrived = sortedMapOf<Int, ByteArray>()
        while (arrived.size < frames.size) {
            frames.indices.filter { it !in arrived && chance.nextInt(3) != 0 }.shuffled(chance).forEach { arrived[it] = frames[it] }
        }
        return arrived.values.mapNotNull { assembler.push(it) }.single()
    }
}

suspend fun codes(wallet: Wallet, trust: String, memory: String, pack: String, keys: String, query: String) {
    shop(trust, memory, pack).use { shop ->
        val ask = shop.askByCodes(File(query).readText(), merchant(File(keys)), 300u)
        val consent = wallet.presentByCodes(filmed(ask.message()))
        check(consent.verifier.knowledge is VerifierKnowledge.Certified)
        val outcome = wallet.answerRequest(consent.flow, Decision.Share(consent.smallestChoice))
        check(outcome is PresentOutcome.Show) { outcome }
        val answer = ask.judge(filmed(outcome.message))
        check(answer is AnswerByCodes.Judged)
        check(answer.answer.verdict == Verdict.VALID && answer.answer.isAsAsked) { answer.answer.finding }
        try {
            ask.judge(outcome.message)
            error("one request was answered twice")
        } catch (_: VerifierException.AskOver) {
        }
    }
}

suspend fun faceToFace(wallet: Wallet, trust: String, memory: String, pack: String, keys: String, query: String) {
    shop(trust, memory, pack).use { shop ->
        val holder = wallet.engage(BleEngagement(UUID.randomUUID().toString(), null))
        val reader = shop.readPhone(holder.code(), File(query).readText(), merchant(File(keys)))
        check(reader.phone().bleIdent.contentEquals(holder.bleIdent()))
        val event = holder.receive(Radio(1, BleReceiver.HOLDER).carry(reader.firstMessage()))
        check(event is ProximityEvent.AwaitingConsent) { event }
        check(event.request.verifier.knowledge is VerifierKnowledge.Certified)
        val answer = holder.answer(Decision.Share(event.request.smallestChoice), AfterAnswer.END)
        check(answer is ProximityAnswer.Answered) { answer }
        val judged = reader.receive(Radio(2, BleReceiver.READER).carry(answer.message))
        check(judged is ReaderEvent.JudgedLast && judged.answer.verdict == Verdict.VALID) { judged }
        check(holder.terminate() == null && reader.terminate() == null)
        val changed = reader.firstMessage().also { it[it.size - 1] = (it.last() + 1).toByte() }
        val failed = wallet.engage(BleEngagement(UUID.randomUUID().toString(), null)).receive(changed)
        check(failed is ProximityEvent.Failed && failed.problem is SessionProblem.Transmission) { failed }
    }
}

suspend fun page(wallet: Wallet, asked: String, origin: String, answer: String) {
    val opened = wallet.presentAtOrigin(File(asked).readText(), origin)
    check(opened is OriginAsked.AwaitingConsent) { opened }
    val outcome = wallet.answerAtOrigin(opened.request.flow, Decision.Share(opened.request.smallestChoice))
    check(outcome is OriginOutcome.Answered) { outcome }
    File(answer).writeText(outcome.answer)
    val resumed = wallet.resume(opened.request.flow)
    check(resumed is Resumed.AtOrigin && (resumed.outcome as OriginOutcome.Answered).answer == outcome.answer)
}
