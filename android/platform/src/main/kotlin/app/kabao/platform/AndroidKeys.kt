package app.kabao.platform

import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import app.kabao.wallet.DeviceKeys
import app.kabao.wallet.HostException
import app.kabao.wallet.KeyRole
import java.math.BigInteger
import java.security.KeyPairGenerator
import java.security.KeyStore
import java.security.PrivateKey
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec

/** Asks for a finger or a face, and signs with the key that it opens. */
public fun interface Approver {
    /**
     * Waits for the person. Called on a thread of the wallet, not on the main one.
     *
     * @throws HostException `Cancelled` when the person says no.
     */
    public fun sign(prepared: Signature, text: ByteArray): ByteArray
}

/** The two signing keys: P-256, in the phone's key store, in StrongBox where there is one. */
public class AndroidKeys(private val approver: Approver) : DeviceKeys {
    private val keys = KeyStore.getInstance(KEY_STORE).apply { load(null) }

    override fun make(role: KeyRole): ByteArray =
        told {
            // A store that refuses StrongBox makes no key at all: ask for less then.
            try {
                made(role, strong = true)
            } catch (refused: StrongBoxUnavailableException) {
                made(role, strong = false)
            }
        }

    override fun publicKey(role: KeyRole): ByteArray? =
        told { (keys.getCertificate(name(role))?.publicKey as? ECPublicKey)?.let(::point) }

    override fun sign(role: KeyRole, text: ByteArray): ByteArray =
        told {
            val key = keys.getKey(name(role), null) as? PrivateKey ?: throw HostException.Lost()
            val prepared = Signature.getInstance("SHA256withECDSA").apply { initSign(key) }
            when (role) {
                KeyRole.APPROVE -> approver.sign(prepared, text)
                KeyRole.DEVICE -> prepared.run {
                    update(text)
                    sign()
                }
            }
        }

    private fun made(role: KeyRole, strong: Boolean): ByteArray {
        val maker = KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, KEY_STORE)
        maker.initialize(spec(role, strong))
        return point(maker.generateKeyPair().public as ECPublicKey)
    }

    private fun spec(role: KeyRole, strong: Boolean): KeyGenParameterSpec =
        KeyGenParameterSpec.Builder(name(role), KeyProperties.PURPOSE_SIGN).run {
            setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
            setDigests(KeyProperties.DIGEST_SHA256)
            if (strong && Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) setIsStrongBoxBacked(true)
            if (role == KeyRole.APPROVE) {
                setUserAuthenticationRequired(true)
                setInvalidatedByBiometricEnrollment(true)
                if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
                    setUserAuthenticationParameters(0, KeyProperties.AUTH_BIOMETRIC_STRONG)
                }
            }
            build()
        }

    private fun name(role: KeyRole) =
        when (role) {
            KeyRole.DEVICE -> "kabao.device"
            KeyRole.APPROVE -> "kabao.approve"
        }

    private fun point(key: ECPublicKey): ByteArray = byteArrayOf(UNCOMPRESSED) + wide(key.w.affineX) + wide(key.w.affineY)

    private fun wide(number: BigInteger): ByteArray {
        val bytes = number.toByteArray().takeLast(COORDINATE)
        return ByteArray(COORDINATE - bytes.size) + bytes.toByteArray()
    }

    private companion object {
        const val UNCOMPRESSED: Byte = 4
        const val COORDINATE = 32
    }
}
