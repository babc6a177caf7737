// A phone's Keystore as a provider of the JDK, under the name and with the behaviour of Android's: keys that only its own operations take,
// that wait for the person, and that end when the biometry changes. What the port asks it for is the real KeyGenParameterSpec.

package symbolon.mobile.android.checks

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import android.security.keystore.UserNotAuthenticatedException
import java.io.InputStream
import java.io.OutputStream
import java.security.InvalidKeyException
import java.security.Key
import java.security.KeyFactorySpi
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.KeyPairGeneratorSpi
import java.security.KeyStoreSpi
import java.security.PrivateKey
import java.security.Provider
import java.security.PublicKey
import java.security.SecureRandom
import java.security.Security
import java.security.Signature
import java.security.SignatureSpi
import java.security.UnrecoverableKeyException
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.security.spec.KeySpec
import java.util.Collections
import java.util.Date
import java.util.Enumeration
import javax.crypto.Cipher
import javax.crypto.CipherSpi
import javax.crypto.KeyGenerator
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey
import javax.crypto.SecretKeyFactorySpi

/** The phone: what it has, and what its owner does. */
object Phone {
    var strongBox = false
    var personIsThere = true

    /** Makes keys that ask for less than they were to. */
    var keepsToNoGuard = false

    /** Says of no key that it ends with another finger, though it does. */
    var forgetsEnrolment = false

    /** As before Android 12: a key that ended is handed out, and fails when it is used. */
    var handsOutEnded = false

    /** What every use of a key fails with, of a Keystore that has a bad day. */
    var trouble: Exception? = null
    val entries = linkedMapOf<String, Entry>()

    class Entry(val spec: KeyGenParameterSpec, val key: Key, val pair: KeyPair?, val secret: SecretKey?) {
        var ended = false

        /** What every operation with the key begins with. */
        fun use() {
            if (ended) throw KeyPermanentlyInvalidatedException()
            trouble?.let { throw it }
            if (spec.isUserAuthenticationRequired && !personIsThere) throw UserNotAuthenticatedException()
        }
    }

    fun enrolAnotherFinger() {
        entries.values.filter { it.spec.isInvalidatedByBiometricEnrollment && it.spec.isUserAuthenticationRequired }
            .filter { it.spec.userAuthenticationType and KeyProperties.AUTH_DEVICE_CREDENTIAL == 0 }
            .forEach { it.ended = true }
    }

    fun add(spec: KeyGenParameterSpec, pair: KeyPair?, secret: SecretKey?) {
        if (spec.isStrongBoxBacked && !strongBox) throw StrongBoxUnavailableException()
        val key = if (pair != null) PhoneKey.OfPair(spec.keystoreAlias) else PhoneKey.Secret(spec.keystoreAlias)
        entries[spec.keystoreAlias] = Entry(spec, key, pair, secret)
    }

    fun install() {
        Security.addProvider(PhoneProvider())
    }
}

/** A key that never leaves the phone: it has no bytes. */
sealed class PhoneKey(val alias: String) : Key {
    override fun getFormat(): String? = null
    override fun getEncoded(): ByteArray? = null

    val entry get() = Phone.entries[alias] ?: throw InvalidKeyException("deleted")

    class OfPair(alias: String) : PhoneKey(alias), PrivateKey {
        override fun getAlgorithm() = "EC"
    }

    class Secret(alias: String) : PhoneKey(alias), SecretKey {
        override fun getAlgorithm() = "AES"
    }
}

class PhoneProvider : Provider("AndroidKeyStore", "1", "a phone") {
    init {
        put("KeyStore.AndroidKeyStore", Store::class.java.name)
        put("KeyPairGenerator.EC", PairGenerator::class.java.name)
        put("KeyGenerator.AES", SecretGenerator::class.java.name)
        put("KeyFactory.EC", PairInfo::class.java.name)
        put("SecretKeyFactory.AES", SecretInfo::class.java.name)
        put("Signature.SHA256withECDSA", Signer::class.java.name)
        put("Signature.SHA256withECDSA SupportedKeyClasses", PhoneKey.OfPair::class.java.name)
        put("Cipher.AES/GCM/NoPadding", Sealer::class.java.name)
        put("Cipher.AES/GCM/NoPadding SupportedKeyClasses", PhoneKey.Secret::class.java.name)
    }
}

class PhoneCertificate(private val entry: Phone.Entry) : Certificate("X.509") {
    override fun getPublicKey(): PublicKey = entry.pair!!.public
    override fun getEncoded(): ByteArray = (entry.spec.attestationChallenge ?: ByteArray(0)) + publicKey.encoded
    override fun verify(key: PublicKey) = Unit
    override fun verify(key: PublicKey, provider: String) = Unit
    override fun toString() = "a certificate"
}

class Store : KeyStoreSpi() {
    override fun engineGetKey(alias: String, password: CharArray?): Key? {
        val entry = Phone.entries[alias] ?: return null
        if (entry.ended && !Phone.handsOutEnded) throw UnrecoverableKeyException().apply { initCause(KeyPermanentlyInvalidatedException()) }
        return entry.key
    }

    override fun engineGetCertificateChain(alias: String): Array<Certificate>? =
        Phone.entries[alias]?.pair?.let { arrayOf(PhoneCertificate(Phone.entries.getValue(alias))) }

    override fun engineGetCertificate(alias: String): Certificate? = engineGetCertificateChain(alias)?.first()
    override fun engineDeleteEntry(alias: String) {
        Phone.entries.remove(alias) ?: error("there is no such entry")
    }

    override fun engineAliases(): Enumeration<String> = Collections.enumeration(Phone.entries.keys.toList())
    override fun engineContainsAlias(alias: String) = alias in Phone.entries
    override fun engineSize() = Phone.entries.size
    override fun engineIsKeyEntry(alias: String) = alias in Phone.entries
    override fun engineIsCertificateEntry(alias: String) = false
    override fun engineGetCreationDate(alias: String): Date? = null
    override fun engineGetCertificateAlias(certificate: Certificate): String? = null
    override fun engineLoad(stream: InputStream?, password: CharArray?) = Unit
    override fun engineStore(stream: OutputStream?, password: CharArray?): Unit = throw UnsupportedOperationException()
    override fun engineSetKeyEntry(alias: String, key: Key, password: CharArray?, chain: Array<Certificate>?): Unit =
        throw UnsupportedOperationException()

    override fun engineSetKeyEntry(alias: String, key: ByteArray, chain: Array<Certificate>?): Unit =
        throw UnsupportedOperationException()

    override fun engineSetCertificateEntry(alias: String, certificate: Certificate): Unit =
        throw UnsupportedOperationException()
}

class PairGenerator : KeyPairGeneratorSpi() {
    private lateinit var spec: KeyGenParameterSpec

    override fun initialize(spec: AlgorithmParameterSpec, random: SecureRandom?) {
        this.spec = spec as KeyGenParameterSpec
    }

    override fun initialize(size: Int, random: SecureRandom?): Unit = throw UnsupportedOperationException()

    override fun generateKeyPair(): KeyPair {
        check(spec.purposes == KeyProperties.PURPOSE_SIGN && spec.digests.contentEquals(arrayOf("SHA-256")))
        val generator = KeyPairGenerator.getInstance("EC", "SunEC")
        generator.initialize(spec.algorithmParameterSpec)
        val pair = generator.generateKeyPair()
        Phone.add(spec, pair, null)
        return KeyPair(pair.public, Phone.entries.getValue(spec.keystoreAlias).key as PrivateKey)
    }
}

class SecretGenerator : KeyGeneratorSpi() {
    private lateinit var spec: KeyGenParameterSpec

    override fun engineInit(spec: AlgorithmParameterSpec, random: SecureRandom?) {
        this.spec = spec as KeyGenParameterSpec
    }

    override fun engineInit(random: SecureRandom?): Unit = throw UnsupportedOperationException()
    override fun engineInit(size: Int, random: SecureRandom?): Unit = throw UnsupportedOperationException()

    override fun engineGenerateKey(): SecretKey {
        check(spec.purposes == KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
        check(spec.blockModes.contentEquals(arrayOf("GCM")) && spec.isRandomizedEncryptionRequired)
        val secret = KeyGenerator.getInstance("AES", "SunJCE").apply { init(spec.keySize) }.generateKey()
        Phone.add(spec, null, secret)
        return Phone.entries.getValue(spec.keystoreAlias).key as SecretKey
    }
}

/** What Android says of a key: as its own classes make it of the parameters that the key was made with. */
private fun info(key: Key): KeyInfo {
    val spec = (key as PhoneKey).entry.spec
    val place = if (spec.isStrongBoxBacked) KeyProperties.SECURITY_LEVEL_STRONGBOX else KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT
    val endsWithEnrolment = spec.isInvalidatedByBiometricEnrollment && !Phone.forgetsEnrolment
    val digests = if (spec.isDigestsSpecified) spec.digests else emptyArray()
    val info = KeyInfo(
        spec.keystoreAlias, true, KeyProperties.ORIGIN_GENERATED, spec.keySize, null, null, null, spec.purposes, spec.encryptionPaddings,
        spec.signaturePaddings, digests, spec.blockModes, spec.isUserAuthenticationRequired && !Phone.keepsToNoGuard, spec.userAuthenticationValidityDurationSeconds,
        spec.userAuthenticationType, true, false, false, false, endsWithEnrolment, false, place, -1,
    )
    check(info.isInvalidatedByBiometricEnrollment == endsWithEnrolment)
    check(info.isUserAuthenticationRequired == (spec.isUserAuthenticationRequired && !Phone.keepsToNoGuard))
    check(info.userAuthenticationType == spec.userAuthenticationType)
    return info
}

class PairInfo : KeyFactorySpi() {
    override fun <T : KeySpec> engineGetKeySpec(key: Key, wanted: Class<T>): T = wanted.cast(info(key))
    override fun engineGeneratePublic(spec: KeySpec): PublicKey = throw UnsupportedOperationException()
    override fun engineGeneratePrivate(spec: KeySpec): PrivateKey = throw UnsupportedOperationException()
    override fun engineTranslateKey(key: Key): Key = throw UnsupportedOperationException()
}

class SecretInfo : SecretKeyFactorySpi() {
    override fun engineGetKeySpec(key: SecretKey, wanted: Class<*>): KeySpec = wanted.cast(info(key)) as KeySpec
    override fun engineGenerateSecret(spec: KeySpec): SecretKey = throw UnsupportedOperationException()
    override fun engineTranslateKey(key: SecretKey): SecretKey = throw UnsupportedOperationException()
}

class Signer : SignatureSpi() {
    private lateinit var signer: Signature

    override fun engineInitSign(key: PrivateKey) {
        val entry = (key as PhoneKey).entry
        entry.use()
        signer = Signature.getInstance("SHA256withECDSA", "SunEC").apply { initSign(entry.pair!!.private) }
    }

    override fun engineInitVerify(key: PublicKey): Unit = throw InvalidKeyException()
    override fun engineUpdate(byte: Byte) = signer.update(byte)
    override fun engineUpdate(bytes: ByteArray, offset: Int, length: Int) = signer.update(bytes, offset, length)
    override fun engineSign(): ByteArray = signer.sign()
    override fun engineVerify(signature: ByteArray): Boolean = throw UnsupportedOperationException()

    @Deprecated("of the interface")
    override fun engineSetParameter(name: String, value: Any): Unit = throw UnsupportedOperationException()

    @Deprecated("of the interface")
    override fun engineGetParameter(name: String): Any = throw UnsupportedOperationException()
}

class Sealer : CipherSpi() {
    private lateinit var cipher: Cipher

    override fun engineInit(mode: Int, key: Key, random: SecureRandom?) {
        check(mode == Cipher.ENCRYPT_MODE)
        start(mode, key, null)
    }

    override fun engineInit(mode: Int, key: Key, spec: AlgorithmParameterSpec?, random: SecureRandom?) {
        // As on a phone: whoever encrypts does not choose the nonce.
        if (mode == Cipher.ENCRYPT_MODE && spec != null) throw InvalidKeyException("a nonce of the caller's")
        start(mode, key, spec)
    }

    private fun start(mode: Int, key: Key, spec: AlgorithmParameterSpec?) {
        val entry = (key as PhoneKey).entry
        entry.use()
        cipher = Cipher.getInstance("AES/GCM/NoPadding", "SunJCE").apply { init(mode, entry.secret, spec) }
    }

    override fun engineInit(mode: Int, key: Key, parameters: java.security.AlgorithmParameters?, random: SecureRandom?): Unit =
        throw UnsupportedOperationException()

    override fun engineSetMode(mode: String) = Unit
    override fun engineSetPadding(padding: String) = Unit
    override fun engineGetBlockSize() = 16
    override fun engineGetOutputSize(length: Int) = cipher.getOutputSize(length)
    override fun engineGetIV(): ByteArray = cipher.iv
    override fun engineGetParameters() = cipher.parameters
    override fun engineUpdateAAD(bytes: ByteArray, offset: Int, length: Int) = cipher.updateAAD(bytes, offset, length)
    override fun engineUpdate(bytes: ByteArray, offset: Int, length: Int): ByteArray? = cipher.update(bytes, offset, length)
    override fun engineUpdate(bytes: ByteArray, offset: Int, length: Int, out: ByteArray, at: Int) =
        cipher.update(bytes, offset, length, out, at)

    override fun engineDoFinal(bytes: ByteArray?, offset: Int, length: Int): ByteArray =
        if (bytes == null) cipher.doFinal() else cipher.doFinal(bytes, offset, length)

    override fun engineDoFinal(bytes: ByteArray, offset: Int, length: Int, out: ByteArray, at: Int) =
        cipher.doFinal(bytes, offset, length, out, at)
}
