package symbolon.mobile.android

import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyProperties

/**
 * What a person must have done before a key of the Keystore can be used. A key that waits makes the wallet answer "locked": show a
 * `BiometricPrompt` (or the keyguard) that satisfies the guard, and call again.
 *
 * Keys are used for some seconds after that, not once: a flow signs with as many keys as it receives copies, and asking for each of them
 * would never end.
 */
sealed interface Guard {
    /** Nothing: whoever has the app open can use the key. It still never leaves the hardware. */
    data object Open : Guard

    /** The screen lock or biometry, at most [seconds] ago. Later changes of the biometry leave the key alive. */
    data class ScreenLock(val seconds: Int) : Guard {
        init {
            require(seconds > 0)
        }
    }

    /**
     * Strong biometry alone, at most [seconds] ago. Enrolling another finger or face ends the key, so nobody who only knows the screen lock
     * gets to use it: the wallet then answers "key gone", and the credential is issued again. From Android 11 on ([isAvailable]).
     */
    data class Biometry(val seconds: Int) : Guard {
        init {
            require(seconds > 0)
        }
    }

    /** Whether this phone's Android has this guard. A key with one that it has not is refused, never made with a weaker one. */
    fun isAvailable(sdk: Int = Build.VERSION.SDK_INT): Boolean = this !is Biometry || sdk >= Build.VERSION_CODES.R
}

/** Whether a key that was made before demands of a person at least what this guard does. */
internal fun Guard.isMetBy(key: KeyInfo, sdk: Int): Boolean = when (this) {
    Guard.Open -> true
    is Guard.ScreenLock -> key.asksWithin(seconds)
    // That such a key ends with another finger every one was made with, and not every Keystore repeats it.
    is Guard.Biometry -> key.asksWithin(seconds) &&
        sdk >= Build.VERSION_CODES.R && key.userAuthenticationType == KeyProperties.AUTH_BIOMETRIC_STRONG
}

/** A key that asks for every use has a duration of 0, or of -1 in the words of older versions. */
private fun KeyInfo.asksWithin(seconds: Int): Boolean =
    isUserAuthenticationRequired && userAuthenticationValidityDurationSeconds <= seconds

internal fun KeyGenParameterSpec.Builder.guardedBy(guard: Guard, sdk: Int): KeyGenParameterSpec.Builder {
    check(guard.isAvailable(sdk))
    return when (guard) {
        Guard.Open -> this
        is Guard.ScreenLock -> setUserAuthenticationRequired(true).apply {
            if (sdk >= Build.VERSION_CODES.R) {
                val either = KeyProperties.AUTH_BIOMETRIC_STRONG or KeyProperties.AUTH_DEVICE_CREDENTIAL
                setUserAuthenticationParameters(guard.seconds, either)
            } else {
                @Suppress("DEPRECATION")
                setUserAuthenticationValidityDurationSeconds(guard.seconds)
            }
        }
        is Guard.Biometry -> setUserAuthenticationRequired(true)
            .setUserAuthenticationParameters(guard.seconds, KeyProperties.AUTH_BIOMETRIC_STRONG)
            .setInvalidatedByBiometricEnrollment(true)
    }
}
