package symbolon.mobile.android

import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import java.security.KeyPairGenerator
import java.security.PrivateKey
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.util.UUID
import symbolon.mobile.CreatedKey
import symbolon.mobile.KeyFailure
import symbolon.mobile.KeyStore
import symbolon.mobile.SigningOutcome

/**
 * The keys of one person's credentials in the Android Keystore: on P-256, in StrongBox where the phone has it and in the trusted environment
 * otherwise.
 *
 * [person] is the wallet's identifier of the person (`WalletFile.firstPerson`, `addPerson`); every person has an instance of their own.
 * Every key has at least the [guard]. One that was made with a weaker one, before the app demanded more, is as good as dead: it signs nothing any
 * more, and the wallet has its credential issued again. A guard other than [Guard.Open] needs a screen lock on the phone, else no key can be made.
 *
 * [attestationChallenge] is asked before each key is made, and its bytes (16 to 128, from the provider of the wallet) stand in the attestation
 * certificate of the key. Without one Android makes no attestation.
 */
class KeystoreKeys(
    person: String,
    private val guard: Guard,
    private val sdk: Int = Build.VERSION.SDK_INT,
    private val attestationChallenge: () -> ByteArray? = { null },
) : KeyStore {
    private val prefix = "symbolon.key.$person."

    init {
        require(PERSON.matches(person)) { "a person's identifier is 32 hexadecimal digits" }
        require(guard.isAvailable(sdk)) { "this Android has no such guard" }
    }

    override fun create(): CreatedKey = translated {
        val handle = UUID.randomUUID().toString()
        val spec = KeyGenParameterSpec.Builder(prefix + handle, KeyProperties.PURPOSE_SIGN)
            .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
            .setDigests(KeyProperties.DIGEST_SHA256)
            .guardedBy(guard, sdk)
        attestationChallenge()?.let { spec.setAttestationChallenge(it) }
        val pair = inTheSafestPlace(spec) {
            KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, ANDROID_KEYSTORE).run {
                initialize(it)
                generateKeyPair()
            }
        }
        // A phone whose Keystore does not keep to what was asked makes no key, rather than one that counts as dead from its first use on.
        if (!guard.isMetBy(infoOf(pair.private), sdk)) {
            delete(handle)
            throw KeyFailure.Failed()
        }
        CreatedKey(handle, pair.public.encoded)
    }

    /** `Invalidated` for a key that is dead: the wallet asks for the public half to learn which keys ended. */
    override fun publicKey(handle: String): ByteArray = translated {
        val key = privateKey(handle)
        try {
            prepared(key)
        } catch (error: Exception) {
            if (refusal(error, sdk) != Refusal.WAITS_FOR_THE_PERSON) throw error
        }
        val certificate = androidKeystore().getCertificate(prefix + handle) ?: throw KeyFailure.Unknown()
        certificate.publicKey.encoded
    }

    override fun sign(handle: String, bytes: ByteArray): SigningOutcome = translated {
        val key = privateKey(handle)
        try {
            val signature = prepared(key)
            signature.update(bytes)
            SigningOutcome.Signed(signature.sign())
        } catch (error: Exception) {
            if (refusal(error, sdk) != Refusal.WAITS_FOR_THE_PERSON) throw error
            SigningOutcome.Locked
        }
    }

    override fun delete(handle: String): Unit = translated {
        androidKeystore().run {
            if (containsAlias(prefix + handle)) deleteEntry(prefix + handle)
        }
    }

    override fun list(): List<String> = translated {
        androidKeystore().aliases().asSequence().filter { it.startsWith(prefix) }.map { it.removePrefix(prefix) }.toList()
    }

    /**
     * The attestation of the key with this public half (as `CreatedKey` and the wallet's port for key attestations have it): certificates in DER
     * from the key's own to the one below or at Google's root. The provider of the wallet judges it (where the key is kept, the state of the
     * phone, the challenge) before it attests the key to an issuer. A chain of one certificate is no attestation.
     *
     * Throws `KeyFailure.Unknown` when the key is not one of this person's.
     */
    fun attestationChain(publicKey: ByteArray): List<ByteArray> = translated {
        val keystore = androidKeystore()
        val alias = list().map { prefix + it }
            .firstOrNull { keystore.getCertificate(it)?.publicKey?.encoded.contentEquals(publicKey) }
        val chain = alias?.let { keystore.getCertificateChain(it) } ?: throw KeyFailure.Unknown()
        chain.map { it.encoded }
    }

    /** The key, where it has the guard. */
    private fun privateKey(handle: String): PrivateKey {
        val key = androidKeystore().getKey(prefix + handle, null) as? PrivateKey ?: throw KeyFailure.Unknown()
        if (!guard.isMetBy(infoOf(key), sdk)) throw KeyFailure.Invalidated()
        return key
    }

    /** The Keystore says here already whether a key waits or is dead. */
    private fun prepared(key: PrivateKey): Signature = Signature.getInstance("SHA256withECDSA").apply { initSign(key) }

    /** Tells the errors of the Keystore in the wallet's words. */
    private inline fun <T> translated(act: () -> T): T = try {
        act()
    } catch (failure: KeyFailure) {
        throw failure
    } catch (error: Exception) {
        throw if (refusal(error, sdk) == Refusal.INVALIDATED) KeyFailure.Invalidated() else KeyFailure.Failed()
    }
}

private val PERSON = Regex("[0-9a-f]{32}")
