package symbolon.mobile.android

import android.security.KeyStoreException
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.UserNotAuthenticatedException
import android.os.Build
import java.security.Key
import java.security.KeyFactory
import java.security.KeyStore
import java.security.PrivateKey
import java.security.ProviderException
import javax.crypto.SecretKey
import javax.crypto.SecretKeyFactory

internal const val ANDROID_KEYSTORE = "AndroidKeyStore"

internal fun androidKeystore(): KeyStore = KeyStore.getInstance(ANDROID_KEYSTORE).apply { load(null) }

/**
 * Makes a key in StrongBox, or where there is none, or it has no room or no such key, in the trusted environment. When that fails too, its
 * failure is the one that is told.
 */
internal inline fun <T> inTheSafestPlace(spec: KeyGenParameterSpec.Builder, generate: (KeyGenParameterSpec) -> T): T = try {
    generate(spec.setIsStrongBoxBacked(true).build())
} catch (_: ProviderException) { // StrongBoxUnavailableException is one; some phones throw another.
    generate(spec.setIsStrongBoxBacked(false).build())
}

/** What a key of the Keystore was made with. */
internal fun infoOf(key: Key): KeyInfo = when (key) {
    is PrivateKey -> KeyFactory.getInstance(key.algorithm, ANDROID_KEYSTORE).getKeySpec(key, KeyInfo::class.java)
    is SecretKey -> SecretKeyFactory.getInstance(key.algorithm, ANDROID_KEYSTORE).getKeySpec(key, KeyInfo::class.java) as KeyInfo
    else -> throw ProviderException("a key of another kind")
}

/** Why the Keystore did not use a key. */
internal enum class Refusal { WAITS_FOR_THE_PERSON, INVALIDATED, BROKEN }

/**
 * What an error of the Keystore means. Its errors lie below others: `getKey` and `sign` wrap what `initSign` throws as it is.
 *
 * One exception alone says that a key is dead. A finger that was not recognised, a question that was cancelled, biometry that is locked out after
 * too many tries, and a Keystore that is busy leave the key as it was: what is dead is issued again, and nobody shall lose a credential by that.
 */
internal fun refusal(error: Throwable, sdk: Int): Refusal {
    for (cause in generateSequence(error) { it.cause }.take(CAUSES)) {
        when {
            cause is KeyPermanentlyInvalidatedException -> return Refusal.INVALIDATED
            cause is UserNotAuthenticatedException -> return Refusal.WAITS_FOR_THE_PERSON
            sdk >= Build.VERSION_CODES.TIRAMISU && cause is KeyStoreException &&
                cause.numericErrorCode == KeyStoreException.ERROR_USER_AUTHENTICATION_REQUIRED ->
                return Refusal.WAITS_FOR_THE_PERSON
        }
    }
    return Refusal.BROKEN
}

/** Causes may form a circle. */
private const val CAUSES = 8
