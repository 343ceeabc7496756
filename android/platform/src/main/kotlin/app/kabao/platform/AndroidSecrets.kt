package app.kabao.platform

import android.content.Context
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.util.AtomicFile
import app.kabao.wallet.HostException
import app.kabao.wallet.SecretStore
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.security.GeneralSecurityException
import java.security.KeyStore
import java.security.UnrecoverableKeyException
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

internal const val KEY_STORE = "AndroidKeyStore"

private const val STORE_KEY = "kabao.store"
private const val CIPHER = "AES/GCM/NoPadding"
private const val NONCE_BYTES = 12
private const val TAG_BITS = 128

/**
 * Small secrets, sealed with a key of the phone's key store, in files that no backup takes along. The key is usable once
 * the phone was unlocked since it started, and is not tied to fingers: new ones do not lose the wallet.
 */
public class AndroidSecrets(context: Context) : SecretStore {
    private val folder = File(context.noBackupFilesDir, "kabao-secrets")
    private val keys = KeyStore.getInstance(KEY_STORE).apply { load(null) }

    override fun load(name: String): ByteArray? =
        told {
            val sealed =
                try {
                    file(name).readFully()
                } catch (absent: FileNotFoundException) {
                    return@told null
                }
            val key = present() ?: throw HostException.Lost()
            val cipher = Cipher.getInstance(CIPHER)
            cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG_BITS, sealed, 0, NONCE_BYTES))
            cipher.updateAAD(name.encodeToByteArray())
            cipher.doFinal(sealed, NONCE_BYTES, sealed.size - NONCE_BYTES)
        }

    override fun store(name: String, value: ByteArray): Unit =
        told {
            val cipher = Cipher.getInstance(CIPHER)
            cipher.init(Cipher.ENCRYPT_MODE, present() ?: made())
            cipher.updateAAD(name.encodeToByteArray())
            val sealed = cipher.iv + cipher.doFinal(value)
            if (!folder.isDirectory && !folder.mkdirs()) throw HostException.Failed()
            val file = file(name)
            val out = file.startWrite()
            try {
                out.write(sealed)
                file.finishWrite(out)
            } catch (broken: IOException) {
                file.failWrite(out)
                throw broken
            }
        }

    override fun remove(name: String): Unit = told { file(name).delete() }

    private fun file(name: String) = AtomicFile(File(folder, name.encodeToByteArray().joinToString("") { "%02x".format(it) }))

    private fun present(): SecretKey? = keys.getKey(STORE_KEY, null) as? SecretKey

    private fun made(): SecretKey {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        val spec =
            KeyGenParameterSpec.Builder(STORE_KEY, purposes)
                .setKeySize(256)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .build()
        return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, KEY_STORE).run {
            init(spec)
            generateKey()
        }
    }
}

/** Says what a fault of the key store means, without its text. */
internal inline fun <T> told(work: () -> T): T =
    try {
        work()
    } catch (lost: KeyPermanentlyInvalidatedException) {
        throw HostException.Lost()
    } catch (lost: UnrecoverableKeyException) {
        throw HostException.Lost()
    } catch (changed: AEADBadTagException) {
        throw HostException.Lost()
    } catch (locked: android.security.keystore.UserNotAuthenticatedException) {
        throw HostException.Unavailable()
    } catch (fault: GeneralSecurityException) {
        throw HostException.Failed()
    } catch (fault: IOException) {
        throw HostException.Failed()
    }
