package app.kabao.kit

import app.kabao.wallet.Background
import app.kabao.wallet.DeviceKeys
import app.kabao.wallet.HostException
import app.kabao.wallet.KeyRole
import app.kabao.wallet.SecretStore
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.flow.updateAndGet
import java.math.BigInteger
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.util.concurrent.ConcurrentHashMap

/** Secrets that end with the program. */
class MemorySecrets : SecretStore {
    private val kept = ConcurrentHashMap<String, ByteArray>()

    override fun load(name: String): ByteArray? = kept[name]?.copyOf()

    override fun store(name: String, value: ByteArray) {
        kept[name] = value.copyOf()
    }

    override fun remove(name: String) {
        kept.remove(name)
    }
}

/** Keys of the Java platform: signatures come in DER, as from a phone's key store. */
class JavaKeys : DeviceKeys {
    private val kept = ConcurrentHashMap<KeyRole, KeyPair>()

    override fun make(role: KeyRole): ByteArray {
        val maker = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }
        val pair = maker.generateKeyPair()
        kept[role] = pair
        return point(pair)
    }

    override fun publicKey(role: KeyRole): ByteArray? = kept[role]?.let(::point)

    override fun sign(role: KeyRole, text: ByteArray): ByteArray {
        val pair = kept[role] ?: throw HostException.Lost()
        return Signature.getInstance("SHA256withECDSA").run {
            initSign(pair.private)
            update(text)
            sign()
        }
    }

    private fun point(pair: KeyPair): ByteArray {
        val point = (pair.public as ECPublicKey).w
        return byteArrayOf(4) + wide(point.affineX) + wide(point.affineY)
    }

    private fun wide(number: BigInteger): ByteArray {
        val bytes = number.toByteArray().takeLast(32)
        return ByteArray(32 - bytes.size) + bytes.toByteArray()
    }
}

/** Counts how often the wallet asked to be kept alive, and let go again. */
class CountingBackground : Background {
    val begun = MutableStateFlow(0)
    val ended = MutableStateFlow(0)

    override fun begin(): ULong = begun.updateAndGet { it + 1 }.toULong()

    override fun end(ticket: ULong) = ended.update { it + 1 }
}

fun device(secrets: SecretStore = MemorySecrets(), background: Background? = null): Device =
    Device(secrets, JavaKeys(), background)
