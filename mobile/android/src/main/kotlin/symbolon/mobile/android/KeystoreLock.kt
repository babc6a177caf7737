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
            cipher.init(Cipher.ENCRYPT_MODE, key() ?: makeKey())
            check(cipher.iv.size == NONCE_BYTES)
            cipher.updateAAD(VERSION)
            VERSION + cipher.iv + cipher.doFinal(dataKey)
        } finally {
            dataKey.fill(0)
        }
    }

    override fun unwrap(wrapped: ByteArray): UnwrappingOutcome = translated {
        if (wrapped.size != WRAPPED_BYTES || wrapped[0] != VERSION[0]) throw LockFailure.NotOurs()
        val key = key() ?: throw LockFailure.Gone()
        try {
            val cipher = Cipher.getInstance(TRANSFORMATION)
            cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG_BITS, wrapped, VERSION.size, NONCE_BYTES))
            cipher.updateAAD(VERSION)
            val sealed = VERSION.size + NONCE_BYTES
            UnwrappingOutcome.Unwrapped(cipher.doFinal(wrapped, sealed, wrapped.size - sealed))
        } catch (error: Exception) {
            if (refusal(error, sdk) != Refusal.WAITS_FOR_THE_PERSON) throw error
            UnwrappingOutcome.Locked
        }
    }

    /** Deletes the key: nothing that it locked can be opened again. Before a wallet is made anew whose key Android has ended. */
    fun destroy(): Unit = translated {
        androidKeystore().run {
            if (containsAlias(alias)) deleteEntry(alias)
        }
    }

    private fun key(): SecretKey? = androidKeystore().getKey(alias, null) as? SecretKey

    private fun makeKey(): SecretKey {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        val spec = KeyGenParameterSpec.Builder(alias, purposes)
            .setKeySize(KEY_BITS)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .guardedBy(guard, sdk)
        return inTheSafestPlace(spec) {
            KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, ANDROID_KEYSTORE).run {
                init(it)
                generateKey()
            }
        }
    }

    /** Tells the errors of the Keystore in the wallet's words. */
    private inline fun <T> translated(act: () -> T): T = try {
        act()
    } catch (failure: LockFailure) {
        throw failure
    } catch (_: AEADBadTagException) {
        throw LockFailure.NotOurs()
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
