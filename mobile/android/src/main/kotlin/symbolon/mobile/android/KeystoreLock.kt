package symbolon.mobile.android

import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import symbolon.mobile.DeviceLock
import symbolon.mobile.LockFailure
import symbolon.mobile.UnwrappingOutcome

/**
 * Locks a wallet by an AES key of the Android Keystore: in StrongBox where the phone has it and in the trusted environment otherwise.
 *
 * [name] tells the locks of one app apart, one for the list of people and one for each person: letters, digits, `-`, at most 64. The key is
 * made when the wallet is, with [guard].
 *
 * A key of this name that was made with a weaker guard opens nothing here: what it locked is answered by `Gone`. To demand more of a
 * person, change the wallet's lock from one of the old guard to one of the new, under the same name, and then call [destroyWeaker].
 *
 * Android guards both directions of such a key, and the wallet wraps when it is made and when its lock or its data key changes: have
 * the person satisfy the guard **before** such a call; otherwise it fails with `DeviceFault.KEYS`. A wallet that is opened answers `Locked`
 * instead: ask, and call again.
 */
class KeystoreLock(
    name: String,
    private val guard: Guard,
    private val sdk: Int = Build.VERSION.SDK_INT,
) : DeviceLock {
    private val alias = "symbolon.lock.$name"

    init {
        require(NAME.matches(name)) { "the name of a lock is letters, digits and hyphens" }
        require(guard.isAvailable(sdk)) { "this Android has no such guard" }
    }

    override fun wrap(dataKey: ByteArray): ByteArray = translated {
        try {
            val cipher = Cipher.getInstance(TRANSFORMATION)
            // The Keystore draws the nonce, and refuses one that a program chooses.
            cipher.init(Cipher.ENCRYPT_MODE, fitting().lastOrNull() ?: makeKey())
            check(cipher.iv.size == NONCE_BYTES)
            cipher.updateAAD(VERSION)
            VERSION + cipher.iv + cipher.doFinal(dataKey)
        } finally {
            dataKey.fill(0)
        }
    }

    override fun unwrap(wrapped: ByteArray): UnwrappingOutcome = translated {
        if (wrapped.size != WRAPPED_BYTES || wrapped[0] != VERSION[0]) throw LockFailure.NotOurs()
        val keys = fitting()
        if (keys.isEmpty()) throw LockFailure.Gone()
        // There is one, except between a change of the lock and `destroyWeaker`.
        keys.firstNotNullOfOrNull { opened(it, wrapped) } ?: throw if (weaker().isEmpty()) LockFailure.NotOurs() else LockFailure.Gone()
    }

    /** What a key makes of the wrapped bytes; nothing where another one wrapped them. */
    private fun opened(key: SecretKey, wrapped: ByteArray): UnwrappingOutcome? = try {
        val cipher = Cipher.getInstance(TRANSFORMATION)
        cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG_BITS, wrapped, VERSION.size, NONCE_BYTES))
        cipher.updateAAD(VERSION)
        val sealed = VERSION.size + NONCE_BYTES
        UnwrappingOutcome.Unwrapped(cipher.doFinal(wrapped, sealed, wrapped.size - sealed))
    } catch (_: AEADBadTagException) {
        null
    } catch (error: Exception) {
        if (refusal(error, sdk) != Refusal.WAITS_FOR_THE_PERSON) throw error
        UnwrappingOutcome.Locked
    }

    /**
     * Deletes the keys of this name: nothing that they locked can be opened again. Before a wallet is made anew whose key Android has
     * ended.
     */
    fun destroy(): Unit = translated { delete(aliases()) }

    /**
     * Deletes the keys of this name that were made with a weaker guard: once the wallet's lock was changed to this one. What they
     * locked, as in an old copy of the file, cannot be opened again.
     */
    fun destroyWeaker(): Unit = translated { delete(weaker()) }

    private fun delete(aliases: List<String>) = androidKeystore().run { aliases.forEach { deleteEntry(it) } }

    /** The first is called as the lock, those after it are numbered. */
    private fun aliases(): List<String> =
        androidKeystore().aliases().asSequence().filter { it == alias || it.startsWith("$alias.") }.sorted().toList()

    /** The keys that demand what the guard does. */
    private fun fitting(): List<SecretKey> = aliases().mapNotNull(::key).filter { guard.isMetBy(infoOf(it), sdk) }

    private fun weaker(): List<String> = aliases().filter { one -> key(one)?.let { !guard.isMetBy(infoOf(it), sdk) } ?: false }

    private fun key(alias: String): SecretKey? = androidKeystore().getKey(alias, null) as? SecretKey

    private fun makeKey(): SecretKey {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        val taken = aliases()
        val free = generateSequence(2) { it + 1 }.map { "$alias.$it" }.first { it !in taken }
        val name = if (taken.isEmpty()) alias else free
        val spec = KeyGenParameterSpec.Builder(name, purposes)
            .setKeySize(KEY_BITS)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .guardedBy(guard, sdk)
        val key = inTheSafestPlace(spec) {
            KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, ANDROID_KEYSTORE).run {
                init(it)
                generateKey()
            }
        }
        // A phone whose Keystore does not keep to what was asked locks nothing, rather than what can never be opened.
        if (!guard.isMetBy(infoOf(key), sdk)) {
            delete(listOf(name))
            throw LockFailure.Unavailable()
        }
        return key
    }

    /** Tells the errors of the Keystore in the wallet's words. */
    private inline fun <T> translated(act: () -> T): T = try {
        act()
    } catch (failure: LockFailure) {
        throw failure
    } catch (error: Exception) {
        throw if (refusal(error, sdk) == Refusal.INVALIDATED) LockFailure.Gone() else LockFailure.Unavailable()
    }
}

private const val TRANSFORMATION = "AES/GCM/NoPadding"
private const val KEY_BITS = 256
private const val TAG_BITS = 128
private const val NONCE_BYTES = 12
private const val DATA_KEY_BYTES = 32

/** The wrapped form: version, nonce, the data key under AES-256-GCM with its tag. The version is authenticated. */
private val VERSION = byteArrayOf(1)
private const val WRAPPED_BYTES = 1 + NONCE_BYTES + DATA_KEY_BYTES + TAG_BITS / 8

private val NAME = Regex("[A-Za-z0-9-]{1,64}")
