package app.kabao.kit

import app.kabao.base.Certainty
import app.kabao.base.Remedy
import app.kabao.money.MerchantState
import app.kabao.money.OnboardingStepKind
import app.kabao.money.PaymentState
import app.kabao.wallet.BindRequest
import app.kabao.wallet.ConfirmRequest
import app.kabao.wallet.PaymentProof
import app.kabao.wallet.PaymentView
import app.kabao.wallet.QuoteRequest
import app.kabao.wallet.QuoteView
import app.kabao.wallet.RegisterRequest
import app.kabao.wallet.VerifyRequest
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import kotlinx.serialization.json.put
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import java.time.Duration
import java.time.Instant

private const val PHONE = "13800138000"
private const val NAME = "张三"
private const val ID_NUMBER = "110105199003072012"
private const val CARD = "6217859001234567893"
private const val PIN = "271928"

/** A person's first day: from an empty phone to the receipt without a network. */
class DayTest {
    @TempDir lateinit var folder: Path

    @Test
    fun `a phone, a card, a till, and the receipt in the lift`() {
        ReferenceService.start().use { service ->
            val background = CountingBackground()
            val device = device(background = background)
            runBlocking {
                Wallet.open(service.file.settings(folder), device).use { wallet ->
                    openAccount(service, wallet)
                    proveIdentity(service, wallet)
                    bindCard(service, wallet)
                    topUp(service, wallet, background)
                    payAtTill(service, wallet)
                    payPrintedCode(service, wallet)
                    wallet.history.sync()
                    books(service)
                    wallet.shutDown()
                }
                assertTrue(background.begun.value >= 3)
                assertEquals(background.begun.value, background.ended.value)
                service.stop()
                Wallet.open(service.file.settings(folder), device).use { wallet ->
                    readInTheLift(wallet)
                    wallet.shutDown()
                }
            }
        }
    }

    private suspend fun step(wallet: Wallet) = wallet.account.onboardingNext().kind

    private suspend fun refusedCode(call: suspend () -> Any?): String = (outcome(call) as Outcome.Refused).failure.code

    private suspend fun openAccount(service: ReferenceService, wallet: Wallet) {
        val sent = wallet.account.register(RegisterRequest(PHONE, "Pixel 12"))
        assertEquals(6u, sent.otpLength)
        assertFalse(PHONE in sent.phoneMasked)
        assertTrue(Duration.between(Instant.now(), sent.resendAt) < Duration.ofHours(1))
        assertEquals(OnboardingStepKind.ENTER_OTP, step(wallet))
        val code = service.code(PHONE, "kabao")
        val wrong = code.map { digit -> '0' + (digit - '0' + 1) % 10 }.joinToString("")
        assertEquals("otp_wrong", refusedCode { wallet.account.enterOtp(wrong) })
        wallet.account.enterOtp(code)
        assertEquals("pin_run", refusedCode { wallet.account.choosePin("123456") })
        assertEquals("pin_not_ascii", refusedCode { wallet.account.choosePin("２７１９２８") })
        assertTrue(wallet.account.choosePin(PIN).pinSet)
        val sheet = wallet.account.makeRecoverySheet()
        assertTrue(wallet.account.confirmRecoverySheet(sheet.code.lowercase()).recoverySheetKept)
        assertEquals(OnboardingStepKind.CONSENT, step(wallet))
    }

    private suspend fun proveIdentity(service: ReferenceService, wallet: Wallet) {
        wallet.identity.consent(wallet.identity.consentText().version)
        for (document in listOf("terms", "privacy", "face", "card_binding")) {
            wallet.data.giveConsent(document, wallet.data.consentText(document).version)
        }
        val token = service.post("/dev/liveness") { put("channels", 5) }.getValue("token").jsonPrimitive.content
        val wrong = ID_NUMBER.dropLast(1) + "3"
        assertEquals("id_check_digit", refusedCode { wallet.identity.verify(VerifyRequest(NAME, wrong, token)) })
        val passed = wallet.identity.verify(VerifyRequest(NAME, ID_NUMBER, token))
        assertEquals("passed", passed.state)
        assertEquals(3u.toUByte(), passed.accountClass)
        assertFalse(ID_NUMBER in "$passed" || NAME in "$passed")
        assertEquals(OnboardingStepKind.BIND_CARD, step(wallet))
    }

    private suspend fun bindCard(service: ReferenceService, wallet: Wallet) {
        service.post("/dev/bank/cards") {
            put("pan", CARD)
            put("name", NAME)
            put("id_number", ID_NUMBER)
            put("phone", PHONE)
            put("balance_fen", 100_000)
        }
        val binding = wallet.cards.bind(BindRequest(CARD, NAME, PHONE))
        assertEquals(CARD.takeLast(4), binding.last4)
        val card = wallet.cards.confirm(binding.bindingId, service.code(PHONE, "bank"))
        assertEquals(listOf(card), wallet.cards.list())
        assertEquals(OnboardingStepKind.READY, step(wallet))
    }

    private fun confirmation(quote: QuoteView, proof: PaymentProof): ConfirmRequest {
        val source = quote.sources.single { it.proposed && it.usable }.source
        return ConfirmRequest(quote.quoteId, quote.total.minor, source, proof, again = false)
    }

    /** The next payment that the service is handed meets a fault. */
    private fun disturb(service: ReferenceService, action: JsonElement) {
        service.post("/dev/faults") {
            put("path_prefix", "/v1/payments")
            put("method", "PUT")
            put("times", 1)
            put("action", action)
        }
    }

    /** The payment once it has a result. The wallet goes on asking by itself and tells of each change. */
    private suspend fun settled(wallet: Wallet, intentId: String): PaymentView =
        withTimeout(60_000) {
            wallet.events
                .map { wallet.pay.payment(intentId) }
                .first { it.state == PaymentState.SUCCEEDED || it.state == PaymentState.FAILED }
        }

    private suspend fun topUp(service: ReferenceService, wallet: Wallet, background: CountingBackground) {
        val card = wallet.cards.list().single().cardId
        assertEquals("amount_decimals", refusedCode { wallet.pay.quote(QuoteRequest.TopUp("200.005", card)) })
        val quote = wallet.pay.quote(QuoteRequest.TopUp("２００．００", card))
        assertEquals(20_000L, quote.amount.minor)
        val wrong = outcome { wallet.pay.confirm(confirmation(quote, PaymentProof.Pin("271929"))) }
        val refused = (wrong as Outcome.Given).value
        assertEquals(PaymentState.FAILED, refused.state)
        assertEquals("pin_wrong", refused.failure?.code)
        assertEquals(Remedy.RETYPE_PIN, refused.failure?.remedy)
        assertEquals(Certainty.CERTAIN, refused.failure?.certainty)

        // The person leaves the screen while the money is on its way: the payment goes on.
        val again = confirmation(wallet.pay.quote(QuoteRequest.TopUp("200.00", card)), PaymentProof.Pin(PIN))
        disturb(service, buildJsonObject { put("hold_ms", 1500) })
        val before = background.begun.value
        coroutineScope {
            val leaving = launch { wallet.pay.confirm(again) }
            withTimeout(60_000) { background.begun.first { it > before } }
            leaving.cancelAndJoin()
        }
        val left = wallet.pay.openPayments().single()
        assertEquals(PaymentState.SENDING, left.state)
        assertFalse(left.mayPayAgain)
        assertEquals(Remedy.DO_NOT_PAY_AGAIN, left.failure?.remedy)
        assertEquals(left.intentId, wallet.history.list(null).open.single().intentId)
        val paid = settled(wallet, left.intentId)
        assertEquals(PaymentState.SUCCEEDED, paid.state)
        assertTrue(paid.timeline.any { it.stage == "arrived" && it.text.isNotBlank() })
        assertEquals(20_000L, wallet.account.refresh().balance?.minor)
    }

    private suspend fun payAtTill(service: ReferenceService, wallet: Wallet) {
        assertTrue(wallet.pay.prepareCodes() > 0u)
        val ways = wallet.pay.ways()
        assertTrue(ways.all { it.usable != (it.reason != null) })
        assertTrue(ways.single { it.way == "lakala" }.usable)
        val other = ways.first { !it.usable }.way
        assertNotNull(refusedCode { wallet.pay.showCode(other) })
        val code = wallet.pay.showCode("lakala")
        assertEquals(24, code.digits.length)
        assertEquals(code.qr.size * code.qr.size, code.qr.modules.size.toUInt())
        val charged =
            service.post("/dev/till/charge") {
                put("code", code.digits)
                put("amount_fen", 2350)
            }
        wallet.history.sync()
        val showing = wallet.pay.showing(code.showingId)
        assertEquals(MerchantState.PAID, showing.state, "$charged")
        val receipt = wallet.pay.receipt(showing.recordId!!)
        assertTrue(receipt.verified)
        assertEquals("lakala", receipt.route)
        assertEquals(charged.getValue("order").jsonPrimitive.content, receipt.merchantOrder)
        assertNotNull(receipt.acquirerOrder)
        assertTrue(receipt.ourOrder.isNotBlank())
        assertEquals(2350L, receipt.amount.minor)
        assertTrue(receipt.qrText!!.startsWith("KB1R:"))
    }

    private suspend fun payPrintedCode(service: ReferenceService, wallet: Wallet) {
        val merchant = service.post("/dev/merchants") { put("name", "小面馆") }
        val scanned = wallet.pay.read(merchant.getValue("collection_code_text").jsonPrimitive.content)
        assertEquals("小面馆", scanned.payeeName)
        assertEquals("D", scanned.limitClass)
        val quote = wallet.pay.quote(QuoteRequest.Pay(scanned.payeeId!!, "12.00", scanned.order))
        // The service pays, and its answer is lost. The finger this time: the approval key signs what is paid.
        disturb(service, JsonPrimitive("drop_after"))
        val confirmed = wallet.pay.confirm(confirmation(quote, PaymentProof.Approval))
        assertNotEquals(PaymentState.FAILED, confirmed.state)
        assertFalse(confirmed.mayPayAgain && confirmed.state != PaymentState.SUCCEEDED)
        val paid = settled(wallet, confirmed.intentId)
        assertEquals(PaymentState.SUCCEEDED, paid.state, "${paid.failure}")
    }

    private fun books(service: ReferenceService) {
        val ledger = service.get("/dev/ledger")
        assertEquals(0L, ledger.getValue("sum").jsonPrimitive.long)
        val executions = ledger.getValue("executions").jsonArray.map { it.jsonObject.getValue("count").jsonPrimitive.long }
        assertEquals(listOf(1L, 1L, 1L), executions)
    }

    private suspend fun readInTheLift(wallet: Wallet) {
        val page = wallet.history.list(null)
        assertEquals(listOf(-1200L, -2350L, 20_000L), page.items.map { it.amount.minor })
        assertEquals(emptyList<Any>(), page.open)
        for (item in page.items) {
            assertTrue(wallet.history.detail(item.recordId!!).hasReceipt)
            assertTrue(wallet.pay.receipt(item.recordId!!).verified)
        }
        val month = wallet.history.month(null)
        assertEquals(3550L, month.spent.minor)
        val report = wallet.history.verify()
        assertEquals(null, report.firstWrongEvent)
        assertEquals(3u, report.receipts)
        assertEquals(emptyList<String>(), report.wrongReceipts)
        val account = wallet.account.view()
        assertEquals(20_000L - 3550L, account.balance?.minor)
        assertTrue(account.balanceAgeText!!.isNotBlank())
        val failure = (outcome { wallet.history.sync() } as Outcome.Refused).failure
        assertEquals(Remedy.CHECK_NETWORK, failure.remedy)
    }
}
