package app.kabao.kit

import app.kabao.base.Actor
import app.kabao.base.Certainty
import app.kabao.base.Failure
import app.kabao.base.Language
import app.kabao.base.Remedy
import app.kabao.core.KabaoWallet
import app.kabao.core.faultPlaces
import app.kabao.core.languageOfTag
import app.kabao.money.OnboardingStepKind
import app.kabao.wallet.BindRequest
import app.kabao.wallet.ConfirmRequest
import app.kabao.wallet.KeyRole
import app.kabao.wallet.PaymentProof
import app.kabao.wallet.RegisterRequest
import app.kabao.wallet.SecretStore
import app.kabao.wallet.VerifyRequest
import app.kabao.wallet.WalletEvent
import app.kabao.wallet.WalletListener
import app.kabao.wallet.WalletSettings
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.async
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path

/** What a wallet says and refuses before anybody answers it. */
class FirstStepsTest {
    @TempDir lateinit var folder: Path

    private fun settings(): WalletSettings = ServiceFile.ofNobody().settings(folder.resolve("wallet"))

    private suspend fun refusal(call: suspend () -> Any?): Failure =
        assertInstanceOf(Outcome.Refused::class.java, outcome(call)).failure

    private fun withWallet(device: Device = device(), work: suspend CoroutineScope.(Wallet) -> Unit) =
        runBlocking {
            Wallet.open(settings(), device).use { wallet ->
                work(wallet)
                wallet.shutDown()
            }
        }

    @Test
    fun `a new wallet asks for the telephone number`() =
        withWallet { wallet ->
            val step = wallet.account.onboardingNext()
            assertEquals(OnboardingStepKind.REGISTER, step.kind)
            assertFalse(step.canSkip)
            val words = listOf("zh-Hans-CN", "en-GB").map { step.words(languageOfTag(it)) }
            assertNotEquals(words[0], words[1])
            assertTrue(words.all { it.title.isNotBlank() && it.why.isNotBlank() })
        }

    @Test
    fun `what is typed wrongly is refused with its field and what to do`() =
        withWallet { wallet ->
            val cases =
                mapOf(
                    "" to "empty_input",
                    "１３８" to "phone_invalid",
                    "138\u200b00138000" to "hidden_character",
                    "\u202e13800138000" to "hidden_character",
                    "one three eight" to "not_digits",
                    "1".repeat(1 shl 20) to "input_too_long",
                )
            for ((typed, code) in cases) {
                val failure = refusal { wallet.account.register(RegisterRequest(typed, "Pixel")) }
                assertEquals(code, failure.code)
                assertEquals("phone", failure.field)
                assertEquals(Certainty.CERTAIN, failure.certainty)
                assertEquals(Remedy.CORRECT_INPUT, failure.remedy)
                assertEquals(Actor.PERSON, failure.actor)
            }
            assertEquals("wrong_step", refusal { wallet.account.enterOtp("123456") }.code)
            assertEquals("not_registered", refusal { wallet.account.choosePin("271828") }.code)
            assertEquals("bad_id", refusal { wallet.history.detail("x") }.code)
            assertEquals("month", refusal { wallet.history.month(202_613) }.field)
        }

    @Test
    fun `without a network a call says so and nothing is lost`() =
        withWallet { wallet ->
            val failure = refusal { wallet.account.register(RegisterRequest("１３８ 0013-8000", "Pixel")) }
            assertEquals(Remedy.CHECK_NETWORK, failure.remedy)
            assertEquals(Certainty.CERTAIN, failure.certainty)
            val said = Language.entries.map { failure.explain(it) }
            assertTrue(said.all { it.text.isNotBlank() && it.next.isNotBlank() })
            // Nothing begins before the operator has shown who it is.
            assertEquals(OnboardingStepKind.REGISTER, wallet.account.onboardingNext().kind)
        }

    @Test
    fun `a second opener is told that the wallet is in use`() =
        withWallet { _ ->
            val failure = refusal { Wallet.open(settings(), device()) }
            assertEquals("in_use", failure.code)
            assertEquals(Remedy.CLOSE_OTHER, failure.remedy)
        }

    @Test
    fun `files without their key are kept and set aside on demand`() {
        withWallet { }
        runBlocking {
            val bare = device()
            val failure = refusal { Wallet.open(settings(), bare) }
            assertEquals("key_lost", failure.code)
            assertEquals(Remedy.REPLACE_DEVICE, failure.remedy)
            val moved = Wallet.setAsideLost(settings(), bare)
            assertTrue(moved.any { "ledger" in it }, "$moved")
        }
        withWallet { wallet -> assertEquals(OnboardingStepKind.REGISTER, wallet.account.onboardingNext().kind) }
    }

    @Test
    fun `a locked wallet shows nothing and its events say so`() =
        withWallet { wallet ->
            val seen = Channel<WalletEvent>(Channel.UNLIMITED)
            val watching = async { wallet.events.collect { seen.send(it) } }
            assertEquals(WalletEvent.State(false), withTimeout(20_000) { seen.receive() })
            wallet.lock()
            assertEquals(WalletEvent.State(true), withTimeout(20_000) { seen.receive() })
            assertTrue(wallet.isLocked)
            val failure = refusal { wallet.account.onboardingNext() }
            assertEquals("locked", failure.code)
            assertEquals(Remedy.UNLOCK, failure.remedy)
            wallet.unlock()
            assertEquals(OnboardingStepKind.REGISTER, wallet.account.onboardingNext().kind)
            watching.cancel()
        }

    @Test
    fun `a wallet that was shut down says closed`() =
        withWallet { wallet ->
            wallet.shutDown()
            assertEquals("closed", refusal { wallet.account.onboardingNext() }.code)
        }

    @Test
    fun `a key store that throws is a failure and not the end`() =
        runBlocking {
            val broken =
                object : SecretStore {
                    override fun load(name: String): ByteArray? = error("6217859001234567893")

                    override fun store(name: String, value: ByteArray) = error("no")

                    override fun remove(name: String) = error("no")
                }
            val failure = refusal { Wallet.open(settings(), device(broken)) }
            assertEquals("key_store_unavailable", failure.code)
            assertFalse("6217" in "$failure")
            withWallet { }
        }

    @Test
    fun `a listener that throws does not end the events and leaves no text behind`() =
        runBlocking {
            val seen = Channel<WalletEvent>(Channel.UNLIMITED)
            val throwing =
                object : WalletListener {
                    override fun onEvent(event: WalletEvent) {
                        seen.trySend(event)
                        error("6217859001234567893")
                    }
                }
            KabaoWallet.open(settings(), MemorySecrets(), JavaKeys(), null).use { wallet ->
                wallet.subscribe(throwing).use {
                    assertEquals(WalletEvent.State(false), withTimeout(20_000) { seen.receive() })
                    wallet.lock()
                    assertEquals(WalletEvent.State(true), withTimeout(20_000) { seen.receive() })
                }
                wallet.shutDown()
            }
            val places = faultPlaces()
            assertTrue(places.isNotEmpty())
            assertFalse(places.any { "6217" in it }, "$places")
        }

    @Test
    fun `settings that cannot be used are named`() =
        runBlocking {
            val good = settings()
            val plain = good.copy(service = good.service.copy(url = "http://localhost:9"))
            assertEquals("service", refusal { Wallet.open(plain, device()) }.field)
            val keyless = good.copy(service = good.service.copy(rootKey = "AA"))
            assertEquals("root_key", refusal { Wallet.open(keyless, device()) }.field)
        }

    @Test
    fun `what carries a secret does not print it`() {
        val pin = PaymentProof.Pin("271828")
        val printed =
            listOf(
                pin,
                ConfirmRequest("q", 1, "balance", pin, false),
                BindRequest("6217859001234567893", "张三", "13800138000"),
                VerifyRequest("张三", "110105199003072012", "token"),
            ).joinToString()
        for (secret in listOf("271828", "621785", "110105", "13800138000")) assertFalse(secret in printed, printed)
    }

    @Test
    fun `the first event is the present state for each collector`() =
        withWallet { wallet ->
            repeat(2) { assertEquals(WalletEvent.State(false), withTimeout(20_000) { wallet.events.first() }) }
        }

    @Test
    fun `keys of the Java platform have the shape that the wallet expects`() {
        val keys = JavaKeys()
        val made = keys.make(KeyRole.DEVICE)
        assertEquals(65, made.size)
        assertArrayEquals(made, keys.publicKey(KeyRole.DEVICE))
        assertEquals(null, keys.publicKey(KeyRole.APPROVE))
    }
}
