package app.kabao.platform

import android.app.Activity
import android.hardware.biometrics.BiometricPrompt
import android.os.Build
import android.os.CancellationSignal
import androidx.annotation.RequiresApi
import app.kabao.wallet.HostException
import java.security.Signature
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException

/**
 * The system's own prompt. It opens the key for the one signature that it was given.
 *
 * @param front the activity that is in front; null when there is none.
 * @param title what the prompt says.
 * @param no the button that refuses.
 */
public class FingerPrompt(
    private val front: () -> Activity?,
    private val title: String,
    private val no: String,
) : Approver {
    override fun sign(prepared: Signature, text: ByteArray): ByteArray {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.P) throw HostException.Unavailable()
        val activity = front() ?: throw HostException.Unavailable()
        val answer = CompletableFuture<Signature>()
        activity.runOnUiThread { ask(activity, prepared, answer) }
        val opened =
            try {
                answer.get()
            } catch (refused: ExecutionException) {
                throw refused.cause as? HostException ?: HostException.Failed()
            }
        opened.update(text)
        return opened.sign()
    }

    @RequiresApi(Build.VERSION_CODES.P)
    private fun ask(activity: Activity, prepared: Signature, answer: CompletableFuture<Signature>) {
        val cancel = CancellationSignal()
        val prompt =
            BiometricPrompt.Builder(activity)
                .setTitle(title)
                .setNegativeButton(no, activity.mainExecutor) { _, _ -> answer.completeExceptionally(HostException.Cancelled()) }
                .build()
        prompt.authenticate(
            BiometricPrompt.CryptoObject(prepared),
            cancel,
            activity.mainExecutor,
            object : BiometricPrompt.AuthenticationCallback() {
                override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult) {
                    val signature = result.cryptoObject?.signature
                    if (signature == null) answer.completeExceptionally(HostException.Failed()) else answer.complete(signature)
                }

                override fun onAuthenticationError(code: Int, message: CharSequence?) {
                    val cancelled = code == BiometricPrompt.BIOMETRIC_ERROR_USER_CANCELED || code == BiometricPrompt.BIOMETRIC_ERROR_CANCELED
                    answer.completeExceptionally(if (cancelled) HostException.Cancelled() else HostException.Unavailable())
                }
            },
        )
    }
}
