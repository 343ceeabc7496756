import app.kabao.core.devOnlySoftwareKeys
import app.kabao.kit.Device
import app.kabao.kit.Wallet
import app.kabao.kit.outcome
import app.kabao.wallet.SecretStore
import app.kabao.wallet.ServiceSettings
import app.kabao.wallet.WalletSettings
import java.io.File
import java.util.concurrent.ConcurrentHashMap

/** What a call costs from Kotlin, and whether opening and closing leaves memory behind. `figures.py` runs it. */
object Figures {
    class Kept(file: File?) : SecretStore {
        private val kept = ConcurrentHashMap<String, ByteArray>()

        init {
            file?.forEachLine { line ->
                val (name, hex) = line.split(' ')
                kept[name] = hex.chunked(2).map { it.toInt(16).toByte() }.toByteArray()
            }
        }

        override fun load(name: String): ByteArray? = kept[name]

        override fun store(name: String, value: ByteArray) {
            kept[name] = value
        }

        override fun remove(name: String) {
            kept.remove(name)
        }
    }

    private suspend fun median(name: String, count: Int, call: suspend () -> Any?) {
        val took = LongArray(count)
        for (round in -(count / 10) until count) {
            val began = System.nanoTime()
            call()
            if (round >= 0) took[round] = System.nanoTime() - began
        }
        took.sort()
        println("$name ${took[count / 2]}")
    }

    private fun settings(folder: String, given: List<String>): WalletSettings {
        val (url, certificate, pin, rootKey, guid) = given
        return WalletSettings(folder, ServiceSettings(url, certificate, listOf(pin), rootKey, guid, null), "zh-CN")
    }

    private fun device(secrets: SecretStore) = Device(secrets, devOnlySoftwareKeys(secrets))

    private fun resident(): Long {
        repeat(3) { System.gc() }
        return File("/proc/self/status").readLines().first { it.startsWith("VmRSS") }.filter(Char::isDigit).toLong()
    }

    private suspend fun calls(folder: String, secrets: File, showing: String, given: List<String>) {
        Wallet.open(settings(folder, given), device(Kept(secrets))).use { wallet ->
            println("records ${wallet.history.list(null).items.size}")
            median("no_op_at_once", 20_000) { wallet.isLocked }
            median("no_op", 5_000) { wallet.unlock() }
            median("page_of_50", 1_000) { wallet.history.list(null) }
            median("payer_code", 1_000) { wallet.pay.nextPicture(showing, "lakala") }
            median("error", 2_000) { outcome { wallet.pay.payment("x") } }
            wallet.shutDown()
        }
    }

    private suspend fun cycles(folder: String, few: Int, many: Int, given: List<String>) {
        val device = device(Kept(null))
        for (round in 1..many) {
            Wallet.open(settings(folder, given), device).use { it.shutDown() }
            if (round == few || round == many) println("resident_$round ${resident()}")
        }
    }

    @JvmStatic
    fun main(args: Array<String>) = kotlinx.coroutines.runBlocking {
        when (args[0]) {
            "calls" -> calls(args[1], File(args[2]), args[3], args.drop(4))
            else -> cycles(args[1], args[2].toInt(), args[3].toInt(), args.drop(4))
        }
    }
}
