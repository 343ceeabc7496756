package app.kabao.fake

import app.kabao.base.Currency
import app.kabao.base.MoneyView
import app.kabao.base.Remedy
import app.kabao.kit.failure
import app.kabao.money.MerchantState
import app.kabao.money.OnboardingStepKind
import app.kabao.money.PaymentState
import app.kabao.wallet.AccountView
import app.kabao.wallet.CardView
import app.kabao.wallet.ConfirmRequest
import app.kabao.wallet.HistoryItem
import app.kabao.wallet.PayerCodeView
import app.kabao.wallet.PaymentProof
import app.kabao.wallet.PaymentView
import app.kabao.wallet.QuoteRequest
import app.kabao.wallet.QuoteView
import app.kabao.wallet.RegisterRequest
import app.kabao.wallet.WalletEvent
import app.kabao.wallet.WayToPay
import java.math.BigDecimal
import java.time.Instant

private const val PAGE = 50

/** So many modules a side: the smallest picture. */
private const val SIDE = 21

/** The day of everything: a picture of a screen is the same tomorrow. */
private val day: Instant = Instant.parse("2026-11-22T04:00:00Z")

/** An amount as typed. */
private val yuan = Regex("[0-9]{1,9}([.][0-9]{1,2})?")

/** The kinds of payments, as the history calls them. */
private val kinds = mapOf("top_up" to "充值", "withdraw" to "提现", "transfer" to "转账", "pay" to "付款", "ask" to "付款")

/** What was asked for a price, and the price. */
private class Priced(val kind: String, val quote: QuoteView)

/** What the fake wallet knows, and its own answers. */
internal class Memory(private val answers: Answers, private val tell: (WalletEvent) -> Unit, step: OnboardingStepKind, private var balance: Long) {
    private var at = step
    private var pin = FakeWallet.PIN
    private var made = 0
    private val quotes = mutableMapOf<String, Priced>()
    private val payments = linkedMapOf<String, PaymentView>()
    private val records = ArrayDeque<HistoryItem>()
    private val bound = listOf(blankCardView().copy(cardId = id(0xCA), last4 = "7802", bank = "招商银行", brand = "unionpay", kind = "debit", text = "招商银行 7802", state = "usable"))
    var paymentsEnd = PaymentState.SUCCEEDED

    init {
        setUp()
        paying()
        looking()
    }

    /** As real ids look: 32 hexadecimal digits. */
    private fun id(number: Int): String = "%032x".format(number)

    private fun <T> set(call: String, answer: (List<Any?>) -> T) = answers.set(call) { arguments -> synchronized(this) { answer(arguments) } }

    private fun setUp() {
        set("account.onboardingNext") { blankOnboardingStep().copy(kind = at, reasonKey = at.name.lowercase()) }
        set("account.register") { (request) ->
            val digits = (request as RegisterRequest).phone.filter(Char::isDigit)
            if (digits.length < 11) throw refusal("not_digits", Remedy.CORRECT_INPUT, field = "phone")
            at = OnboardingStepKind.ENTER_OTP
            blankOtpSentView().copy(phoneMasked = digits.take(3) + "****" + digits.takeLast(4), otpLength = 6u, resendAt = day.plusSeconds(60))
        }
        set("account.resendOtp") { blankOtpSentView().copy(phoneMasked = "138****8000", otpLength = 6u, resendAt = day.plusSeconds(60)) }
        set("account.enterOtp") { (code) ->
            if (at != OnboardingStepKind.ENTER_OTP) throw refusal("wrong_step", Remedy.FINISH_SET_UP)
            if (code != FakeWallet.OTP) throw refusal("otp_wrong", Remedy.CORRECT_INPUT, field = "code", attemptsLeft = 4u)
            at = OnboardingStepKind.CHOOSE_PIN
            account()
        }
        set("account.choosePin") { (chosen) ->
            if (at != OnboardingStepKind.CHOOSE_PIN) throw refusal("wrong_step", Remedy.FINISH_SET_UP)
            pin = chosen as String
            at = OnboardingStepKind.READY
            account()
        }
        set("account.skip") {
            at = OnboardingStepKind.READY
            blankOnboardingStep().copy(kind = at, reasonKey = "ready")
        }
        for (call in listOf("account.view", "account.refresh")) {
            set(call) {
                if (at in listOf(OnboardingStepKind.REGISTER, OnboardingStepKind.ENTER_OTP)) throw refusal("not_registered", Remedy.FINISH_SET_UP)
                account()
            }
        }
        for (call in listOf("cards.list", "cards.refresh")) set<List<CardView>>(call) { bound }
    }

    private fun account(): AccountView =
        blankAccountView().copy(
            accountId = id(0xA),
            phoneMasked = "138****8000",
            accountClass = 2u,
            pinSet = at == OnboardingStepKind.READY,
            recoverySheetKept = true,
            balance = money(balance),
            balanceAt = day,
            balanceAgeText = "刚刚",
        )

    private fun paying() {
        set("pay.read") { (text) ->
            val payee = (text as String).trim()
            when {
                payee.isEmpty() -> blankScanView().copy(refusal = refusal("empty", Remedy.SCAN_AGAIN).failure)
                else -> blankScanView().copy(payeeId = id(0x5), payeeName = payee.take(20), family = "ours")
            }
        }
        set("pay.quote") { (asked) -> quote(asked as QuoteRequest) }
        set("pay.confirm") { (asked) -> confirm(asked as ConfirmRequest) }
        for (call in listOf("pay.payment", "pay.resolve")) set(call) { (wanted) -> payments[wanted] ?: throw refusal("bad_id", Remedy.REPORT) }
        set("pay.openPayments") { payments.values.filter { it.state == PaymentState.UNKNOWN } }
        set("pay.asks") { emptyList<Any>() }
        set("pay.prepareCodes") { 16u }
        set("pay.ways") { listOf("lakala" to "拉卡拉", "unionpay" to "云闪付").map { (way, text) -> WayToPay(way, text, true, null) } }
        set("pay.showCode") { (way) -> code(id(++made), way as String) }
        set("pay.nextPicture") { (showing, way) -> code(showing as String, way as String) }
        set("pay.showing") { blankShowingView().copy(state = MerchantState.SHOWN) }
    }

    private fun quote(asked: QuoteRequest): QuoteView {
        val (kind, typed, payee) =
            when (asked) {
                is QuoteRequest.Pay -> Triple("pay", asked.amount, "面馆 Noodles")
                is QuoteRequest.TopUp -> Triple("top_up", asked.amount, null)
                is QuoteRequest.Withdraw -> Triple("withdraw", asked.amount, null)
                is QuoteRequest.Transfer -> Triple("transfer", asked.amount, "*三")
                is QuoteRequest.Ask -> Triple("ask", "15.00", "面馆 Noodles")
            }
        val minor = typed.takeIf(yuan::matches)?.toBigDecimal()?.movePointRight(2)?.toLong()?.takeIf { it > 0 }
        val amount = money(minor ?: throw refusal("amount_not_a_number", Remedy.CORRECT_INPUT, field = "amount"))
        val enough = kind == "top_up" || amount.minor <= balance
        val source = blankQuoteSourceView().copy(source = "balance", text = "余额", usable = enough, proposed = enough, isDefault = true)
        val quote = blankQuoteView().copy(quoteId = id(++made), payeeName = payee, amount = amount, fee = money(0), total = amount, sources = listOf(source), expiresAt = day.plusSeconds(300))
        return quote.also { quotes[it.quoteId] = Priced(kind, it) }
    }

    private fun confirm(asked: ConfirmRequest): PaymentView {
        val priced = quotes[asked.quoteId] ?: throw refusal("quote_used", Remedy.NEW_QUOTE)
        val quote = priced.quote
        if (asked.totalMinor != quote.total.minor) throw refusal("total_differs", Remedy.NEW_QUOTE)
        val given = asked.proof
        if (given !is PaymentProof.Pin || given.pin != pin) throw refusal("pin_wrong", Remedy.RETYPE_PIN, field = "pin", attemptsLeft = 4u)
        if (priced.kind != "top_up" && quote.total.minor > balance) throw refusal("balance_too_low", Remedy.TOP_UP_OR_OTHER_SOURCE)
        quotes.remove(asked.quoteId)
        val payment =
            blankPaymentView().copy(
                intentId = id(++made),
                kind = priced.kind,
                state = PaymentState.UNKNOWN,
                stateText = PaymentState.UNKNOWN.name,
                payeeName = quote.payeeName,
                amount = quote.amount,
                fee = quote.fee,
                dispatched = true,
                createdAt = day,
            )
        payments[payment.intentId] = payment
        if (paymentsEnd != PaymentState.UNKNOWN) settle(payment.intentId, paymentsEnd)
        return payments.getValue(payment.intentId)
    }

    fun settle(intentId: String, state: PaymentState): Unit =
        synchronized(this) {
            val open = requireNotNull(payments[intentId]?.takeIf { it.state == PaymentState.UNKNOWN }) { "no open payment $intentId" }
            require(state == PaymentState.SUCCEEDED || state == PaymentState.FAILED) { "$state is no end of a payment" }
            val record = id(++made).takeIf { state == PaymentState.SUCCEEDED }
            payments[intentId] = open.copy(state = state, stateText = state.name, mayPayAgain = true, recordId = record)
            tell(WalletEvent.PaymentChanged(intentId))
            if (record == null) return
            val sign = if (open.kind == "top_up") 1 else -1
            balance += sign * open.amount.minor
            records.addFirst(
                blankHistoryItem().copy(
                    recordId = record,
                    intentId = intentId,
                    kind = open.kind,
                    kindText = kinds[open.kind].orEmpty(),
                    state = "done",
                    stateText = "成功",
                    title = open.payeeName ?: kinds[open.kind].orEmpty(),
                    amount = money(sign * open.amount.minor),
                    at = day,
                    atText = "2026-11-22 12:00",
                ),
            )
            tell(WalletEvent.RecordArrived(record))
        }

    /** A picture that is no code: three corners and nothing to read. */
    private fun code(showing: String, way: String): PayerCodeView {
        val corner = { x: Int, y: Int -> x in 0..6 && y in 0..6 && (x % 6 == 0 || y % 6 == 0 || (x in 2..4 && y in 2..4)) }
        val modules =
            ByteArray(SIDE * SIDE) { place ->
                val (x, y) = place % SIDE to place / SIDE
                if (corner(x, y) || corner(SIDE - 1 - x, y) || corner(x, SIDE - 1 - y)) 1 else 0
            }
        return blankPayerCodeView().copy(
            showingId = showing,
            way = way,
            digits = "000000000000000000",
            grouped = "0000 0000 0000 0000 00",
            qr = blankQrPicture().copy(size = SIDE.toUInt(), modules = modules),
            bars = blankBarPicture().copy(widths = ByteArray(3) { 1 }),
            drawAgainAt = day.plusSeconds(30),
            cap = money(100_000),
            clockTrusted = true,
            codesLeft = 15u,
        )
    }

    private fun looking() {
        set("history.list") { (cursor) ->
            val from = (cursor as String?)?.toInt() ?: 0
            val open = payments.values.filter { from == 0 && it.state == PaymentState.UNKNOWN }
            blankHistoryPage().copy(
                `open` = open.map { blankHistoryItem().copy(intentId = it.intentId, kind = it.kind, state = "unknown", stateText = it.stateText, title = it.payeeName.orEmpty(), amount = it.amount, at = day) },
                items = records.drop(from).take(PAGE),
                next = (from + PAGE).toString().takeIf { records.size > from + PAGE },
            )
        }
        set("history.detail") { (wanted) ->
            val item = records.find { it.recordId == wanted } ?: throw refusal("bad_id", Remedy.REPORT)
            blankRecordView().copy(item = item, fee = money(0), route = "ours", routeText = "卡包", ourOrder = item.recordId.orEmpty(), updatedAt = day)
        }
        set("history.month") {
            val (received, spent) = records.partition { it.amount.minor > 0 }
            val sum = { items: List<HistoryItem> -> money(items.sumOf { kotlin.math.abs(it.amount.minor) }) }
            blankMonthView().copy(month = 202_611, spent = sum(spent), received = sum(received), count = records.size.toLong())
        }
        set("history.sync") { blankSyncReport().copy(complete = true) }
    }

    private fun money(minor: Long): MoneyView {
        val text = (if (minor < 0) "-¥" else "¥") + "%,.2f".format(java.util.Locale.ROOT, BigDecimal.valueOf(kotlin.math.abs(minor), 2))
        return blankMoneyView().copy(minor = minor, currency = Currency.CNY, text = text, spoken = text)
    }
}
