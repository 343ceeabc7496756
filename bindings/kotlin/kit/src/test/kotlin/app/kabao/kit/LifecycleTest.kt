package app.kabao.kit

import app.kabao.base.Language
import app.kabao.core.faultPlaces
import app.kabao.core.languageOfTag
import app.kabao.money.OnboardingStepKind
import app.kabao.wallet.DeviceKeys
import app.kabao.wallet.HostException
import app.kabao.wallet.KeyRole
import app.kabao.wallet.RegisterRequest
import app.kabao.wallet.SecretStore
import app.kabao.wallet.WalletException
import app.kabao.wallet.WalletSettings
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.charset.CharacterCodingException
import java.nio.file.Path
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicInteger
import kotlin.io.path.createDirectories
import kotlin.io.path.div

/** Secret of a person in the text of what the app throws: it must not come back. */
private const val SECRET = "6217859001234567893"

/** Lends what is below until its call number [at], which throws. */
private class Failing(private val at: Int, private val thrown: () -> Throwable) : SecretStore, DeviceKeys {
    private val secrets = MemorySecrets()
    private val keys = JavaKeys()
    val calls = AtomicInteger()

    private fun <T> lend(work: () -> T): T = if (calls.incrementAndGet() == at) throw thrown() else work()

    override fun load(name: String): ByteArray? = lend { secrets.load(name) }

    override fun store(name: String, value: ByteArray) = lend { secrets.store(name, value) }

    override fun remove(name: String) = lend { secrets.remove(name) }

    override fun make(role: KeyRole): ByteArray = lend { keys.make(role) }

    override fun publicKey(role: KeyRole): ByteArray? = lend { keys.publicKey(role) }

    override fun sign(role: KeyRole, text: ByteArray): ByteArray = lend { keys.sign(role, text) }
}

/** Threads, lifetimes, and what crosses the boundary badly. */
class LifecycleTest {
    @TempDir lateinit var folder: Path

    private fun settings(): WalletSettings = ServiceFile.ofNobody().settings(folder / "wallet")

    private suspend fun refusedCode(call: suspend () -> Any?): String = (outcome(call) as Outcome.Refused).failure.code

    private suspend fun register(wallet: Wallet) = wallet.account.register(RegisterRequest("13800138000", "Pixel"))

    private fun hold(service: ReferenceService, ms: Int) {
        service.post("/dev/faults") {
            put("path_prefix", "/v1/registrations")
            put("times", 1)
            put("action", buildJsonObject { put("hold_ms", ms) })
        }
    }

    @Test
    fun `a dispatcher of one thread stays free while a call waits`() =
        ReferenceService.start().use { service ->
            val one = Executors.newSingleThreadExecutor().asCoroutineDispatcher()
            runBlocking {
                Wallet.open(service.file.settings(folder / "wallet"), device()).use { wallet ->
                    hold(service, 1500)
                    val turns =
                        withContext(one) {
                            val call = async { register(wallet) }
                            var turns = 0
                            while (call.isActive) {
                                delay(10)
                                turns++
                            }
                            call.await()
                            turns
                        }
                    assertTrue(turns > 30, "$turns")
                    wallet.shutDown()
                }
            }
            one.close()
        }

    @Test
    fun `who stops waiting is free at once and the call goes on`() =
        ReferenceService.start().use { service ->
            runBlocking {
                Wallet.open(service.file.settings(folder / "wallet"), device()).use { wallet ->
                    hold(service, 1500)
                    val began = System.nanoTime()
                    assertEquals(null, withTimeoutOrNull(300) { register(wallet) })
                    assertTrue(System.nanoTime() - began < 1_200_000_000L)
                    withTimeout(20_000) {
                        while (wallet.account.onboardingNext().kind != OnboardingStepKind.ENTER_OTP) delay(50)
                    }
                    wallet.shutDown()
                }
            }
        }

    @Test
    fun `a closed wallet can be closed again and says that it is gone`() =
        runBlocking {
            val device = device()
            val wallet = Wallet.open(settings(), device)
            wallet.shutDown()
            wallet.shutDown()
            repeat(2) { wallet.close() }
            val gone = assertThrows(IllegalStateException::class.java) { runBlocking { wallet.account.view() } }
            assertTrue("destroyed" in gone.message.orEmpty(), gone.message)
            assertThrows(IllegalStateException::class.java) { wallet.isLocked }
            assertThrows(IllegalStateException::class.java) { wallet.data.fields() }
            Wallet.open(settings(), device).use { it.shutDown() }
        }

    @Test
    fun `a wallet that was let go without shutting down can be opened again`() =
        runBlocking {
            val device = device()
            Wallet.open(settings(), device).close()
            val again = withTimeout(20_000) { firstOpened(device) }
            again.use { it.shutDown() }
        }

    private suspend fun firstOpened(device: Device): Wallet {
        while (true) {
            when (val opened = outcome { Wallet.open(settings(), device) }) {
                is Outcome.Given -> return opened.value
                is Outcome.Refused -> assertEquals("in_use", opened.failure.code)
            }
            delay(50)
        }
    }

    @Test
    fun `texts that no person types are refused and do not end the program`() =
        runBlocking {
            Wallet.open(settings(), device()).use { wallet ->
                for (half in listOf("\ud83d", "1\udc00", "\udc00\ud800")) {
                    val thrown = runCatching { wallet.pay.read(half) }.exceptionOrNull()
                    assertTrue(thrown is CharacterCodingException, "$thrown")
                }
                val request = RegisterRequest("138\u000000138000", "Pixel")
                assertEquals("hidden_character", refusedCode { wallet.account.register(request) })
                val read = wallet.pay.read("\u0000")
                assertNotNull(read.refusal)
                val long = "好".repeat(1 shl 20)
                assertEquals("input_too_long", refusedCode { wallet.account.register(RegisterRequest(long, "Pixel")) })
                assertNotNull(wallet.pay.read(long).refusal)
                assertEquals("bad_id", refusedCode { wallet.pay.payment(long) })
                wallet.shutDown()
            }
        }

    @Test
    fun `whatever a host throws at whichever call is a failure of the wallet and leaves no text behind`() =
        ReferenceService.start().use { service ->
            val kinds: List<() -> Throwable> =
                listOf(
                    { HostException.Unavailable() },
                    { HostException.Lost() },
                    { HostException.Cancelled() },
                    { HostException.Failed() },
                    { IllegalStateException(SECRET) },
                    { AssertionError(SECRET) },
                )
            val sound = Failing(0) { error("never") }
            runBlocking { day(service, folder / "sound", sound) }
            val all = sound.calls.get()
            assertTrue(all >= 6, "$all")
            for ((number, kind) in kinds.withIndex()) {
                for (at in 1..all) {
                    val host = Failing(at, kind)
                    val thrown = runBlocking { runCatching { day(service, folder / "$number-$at", host) }.exceptionOrNull() }
                    assertTrue(host.calls.get() >= at, "call $at of $number did not come")
                    assertTrue(thrown == null || thrown is WalletException, "$number at $at: $thrown")
                    assertFalse(SECRET in "$thrown ${(thrown as WalletException?)?.failure}")
                    // The host is sound again: there is an answer or a typed failure, and nothing hangs.
                    val again = runBlocking { outcome { day(service, folder / "$number-$at", host) } }
                    if (again is Outcome.Refused) assertTrue(again.failure.explain(Language.EN).next.isNotBlank())
                }
            }
            assertFalse(faultPlaces().any { SECRET in it })
        }

    /** Opens, asks for a code, and shuts down. */
    private suspend fun day(service: ReferenceService, at: Path, host: Failing) {
        val wallet = Wallet.open(service.file.settings(at.createDirectories() / "wallet"), Device(host, host))
        try {
            register(wallet)
        } finally {
            wallet.use { it.shutDown() }
        }
    }

    @Test
    fun `a host may ask the library and a collector the wallet`() =
        runBlocking {
            val (memory, asked) = MemorySecrets() to AtomicInteger()
            val asking =
                object : SecretStore by memory {
                    override fun load(name: String): ByteArray? {
                        // A function of the library from within a call of the library.
                        if (languageOfTag("zh-HK") == Language.ZH_CN) asked.incrementAndGet()
                        return memory.load(name)
                    }
                }
            Wallet.open(settings(), device(asking)).use { wallet ->
                val step = withTimeout(20_000) { wallet.events.map { wallet.account.onboardingNext().kind }.first() }
                assertEquals(OnboardingStepKind.REGISTER, step)
                wallet.shutDown()
            }
            assertTrue(asked.get() > 0)
        }
}
