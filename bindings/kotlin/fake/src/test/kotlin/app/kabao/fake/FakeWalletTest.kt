package app.kabao.fake

import app.kabao.base.Remedy
import app.kabao.kit.OpenWallet
import app.kabao.kit.Outcome
import app.kabao.kit.outcome
import app.kabao.money.OnboardingStepKind
import app.kabao.money.PaymentState
import app.kabao.wallet.ConfirmRequest
import app.kabao.wallet.PaymentProof
import app.kabao.wallet.PaymentView
import app.kabao.wallet.QuoteRequest
import app.kabao.wallet.RegisterRequest
import app.kabao.wallet.WalletEvent
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The bridge to C is not on the class path of these tests. */
class FakeWalletTest {
    private suspend fun refused(call: suspend () -> Any?) = (outcome(call) as Outcome.Refused).failure

    private suspend fun pays(wallet: OpenWallet, amount: String, pin: String = FakeWallet.PIN): PaymentView {
        val quote = wallet.pay.quote(QuoteRequest.Pay("p", amount, null))
        return wallet.pay.confirm(ConfirmRequest(quote.quoteId, quote.total.minor, "balance", PaymentProof.Pin(pin), false))
    }

    @Test
    fun `it works without the bridge to native code`() {
        assertThrows(ClassNotFoundException::class.java) { Class.forName("com.sun.jna.Native") }
        runBlocking { assertEquals("¥1,000.00", FakeWallet().account.view().balance?.text) }
    }

    @Test
    fun `the first steps lead to a wallet that pays`() =
        runBlocking {
            val wallet: OpenWallet = FakeWallet(OnboardingStepKind.REGISTER)
            assertEquals("not_registered", refused { wallet.account.view() }.code)
            assertEquals("138****8000", wallet.account.register(RegisterRequest("138 0013 8000", "Pixel")).phoneMasked)
            assertEquals("otp_wrong", refused { wallet.account.enterOtp("000000") }.code)
            wallet.account.enterOtp(FakeWallet.OTP)
            wallet.account.choosePin("314159")
            assertEquals(OnboardingStepKind.READY, wallet.account.onboardingNext().kind)
            assertEquals(Remedy.RETYPE_PIN, refused { pays(wallet, "15") }.remedy)
            assertEquals(PaymentState.SUCCEEDED, pays(wallet, "15", "314159").state)
            assertEquals("¥985.00", wallet.account.view().balance?.text)
            val page = wallet.history.list(null)
            assertEquals(listOf("-¥15.00"), page.items.map { it.amount.text })
            assertEquals("面馆 Noodles", wallet.history.detail(page.items.single().recordId!!).item.title)
            assertEquals(1500, wallet.history.month(null).spent.minor)
        }

    @Test
    fun `a result that is unknown stays open until the bank answers`() =
        runBlocking<Unit> {
            val wallet = FakeWallet().apply { paymentsEnd = PaymentState.UNKNOWN }
            val payment = pays(wallet, "9.90")
            assertEquals(listOf(payment), wallet.pay.openPayments())
            assertEquals(100_000, wallet.account.view().balance?.minor)
            assertEquals(1, wallet.history.list(null).open.size)
            wallet.settle(payment.intentId, PaymentState.SUCCEEDED)
            assertEquals(PaymentState.SUCCEEDED, wallet.pay.payment(payment.intentId).state)
            assertEquals(99_010, wallet.account.view().balance?.minor)
            assertThrows(IllegalArgumentException::class.java) { wallet.settle(payment.intentId, PaymentState.FAILED) }
        }

    @Test
    fun `whatever can be paid moves the balance its way and says in the history what it was`() =
        runBlocking {
            val wallet = FakeWallet()
            val asked =
                listOf(
                    QuoteRequest.TopUp("20", "c"),
                    QuoteRequest.Withdraw("3", "c"),
                    QuoteRequest.Transfer("p", "4", 0u),
                    QuoteRequest.Pay("p", "5", null),
                    QuoteRequest.Ask("a"),
                )
            for (request in asked) {
                val quote = wallet.pay.quote(request)
                wallet.pay.confirm(ConfirmRequest(quote.quoteId, quote.total.minor, "balance", PaymentProof.Pin(FakeWallet.PIN), false))
            }
            assertEquals("¥993.00", wallet.account.view().balance?.text)
            val lines = wallet.history.list(null).items.map { Triple(it.kind, it.kindText, it.amount.text) }
            val expected =
                listOf(
                    Triple("ask", "付款", "-¥15.00"),
                    Triple("pay", "付款", "-¥5.00"),
                    Triple("transfer", "转账", "-¥4.00"),
                    Triple("withdraw", "提现", "-¥3.00"),
                    Triple("top_up", "充值", "¥20.00"),
                )
            assertEquals(expected, lines)
        }

    @Test
    fun `a long history comes in pages and a quote is used once`() =
        runBlocking {
            val wallet = FakeWallet()
            repeat(120) { pays(wallet, "0.01") }
            val pages = generateSequence(wallet.history.list(null)) { page -> page.next?.let { runBlocking { wallet.history.list(it) } } }
            assertEquals(listOf(50, 50, 20), pages.map { it.items.size }.toList())
            val quote = wallet.pay.quote(QuoteRequest.Pay("p", "5", null))
            val request = ConfirmRequest(quote.quoteId, 500, "balance", PaymentProof.Pin(FakeWallet.PIN), false)
            wallet.pay.confirm(request)
            assertEquals("quote_used", refused { wallet.pay.confirm(request) }.code)
            assertEquals("balance_too_low", refused { pays(wallet, "5000") }.code)
            for (typed in listOf("", "0", "-1", "1.005", "1e99", "一百")) assertEquals("amount", refused { pays(wallet, typed) }.field, typed)
        }

    @Test
    fun `an answer can be given to every call, can wait and can refuse`() =
        runBlocking {
            val wallet = FakeWallet()
            val none = assertThrows(UnsupportedOperationException::class.java) { runBlocking { wallet.identity.view() } }
            assertTrue("identity.view" in none.message.orEmpty())
            wallet.answer("identity.view") {
                delay(5)
                blankIdentityView()
            }
            assertEquals(blankIdentityView(), wallet.identity.view())
            wallet.refuse("pay.quote", blankFailure().copy(code = "limit_day", remedy = Remedy.SMALLER_AMOUNT))
            assertEquals("limit_day", refused { pays(wallet, "1") }.code)
            val wrong = assertThrows(IllegalArgumentException::class.java) { wallet.answer("pay.qoute") { null } }
            assertTrue("pay.quote" in wrong.message.orEmpty())
            wallet.answer("data.eraseWord") { "erase" }
            assertEquals("erase", wallet.data.eraseWord())
            assertEquals(listOf("identity.view", "identity.view", "pay.quote", "data.eraseWord"), wallet.calls)
        }

    @Test
    fun `it locks and closes as a wallet does`() =
        runBlocking {
            val wallet = FakeWallet()
            wallet.lock()
            assertEquals(WalletEvent.State(true), withTimeout(5_000) { wallet.events.first() })
            assertEquals(Remedy.UNLOCK, refused { wallet.history.list(null) }.remedy)
            wallet.unlock()
            assertEquals("bad_argument", refused { wallet.setLockAfter(1u) }.code)
            assertEquals(30u, wallet.setLockAfter(30u).seconds)
            val code = wallet.pay.showCode("lakala")
            assertEquals(code.showingId, wallet.pay.nextPicture(code.showingId, "lakala").showingId)
            assertEquals(16u, wallet.pay.prepareCodes())
            wallet.shutDown()
            assertEquals("closed", refused { wallet.account.view() }.code)
        }
}
