package app.kabao.bridge

import app.kabao.base.Failure
import app.kabao.base.MoneyView
import app.kabao.core.ShowingView
import app.kabao.model.Amount
import app.kabao.model.Ask
import app.kabao.model.Card
import app.kabao.model.Certainty
import app.kabao.model.Event
import app.kabao.model.Line
import app.kabao.model.Month
import app.kabao.model.Page
import app.kabao.model.PayerCode
import app.kabao.model.Payment
import app.kabao.model.Quote
import app.kabao.model.Ready
import app.kabao.model.Receipt
import app.kabao.model.Record
import app.kabao.model.Scanned
import app.kabao.model.Showing
import app.kabao.model.Source
import app.kabao.model.Square
import app.kabao.model.Step
import app.kabao.model.Trouble
import app.kabao.model.Way
import app.kabao.money.MerchantState
import app.kabao.money.PaymentState
import app.kabao.wallet.AskView
import app.kabao.wallet.CardView
import app.kabao.wallet.HistoryItem
import app.kabao.wallet.HistoryPage
import app.kabao.wallet.MonthView
import app.kabao.wallet.PayerCodeView
import app.kabao.wallet.PaymentView
import app.kabao.wallet.QuoteView
import app.kabao.wallet.ReadyView
import app.kabao.wallet.ReceiptView
import app.kabao.wallet.RecordView
import app.kabao.wallet.ScanView
import app.kabao.wallet.StepWords
import app.kabao.wallet.WalletEvent
import app.kabao.wallet.WayToPay

/** The wallet's records as values of the screens. Takes over what stands there; decides nothing. */
internal class Shape(private val told: (Failure) -> Trouble) {
    fun amount(money: MoneyView) = Amount(money.text, money.spoken)

    fun step(words: StepWords) = Step(words.title, words.why)

    fun ready(ready: ReadyView) = Ready(ready.checks.mapNotNull { it.failure?.let(told) }, ready.offerText)

    fun ask(ask: AskView) = Ask(ask.askId, ask.payeeName, amount(ask.amount))

    fun card(card: CardView) = Card(card.cardId, card.text, card.reason?.let(told))

    fun way(way: WayToPay) = Way(way.way, way.text, if (way.usable) null else way.reason?.let(told))

    fun event(event: WalletEvent): Event =
        when (event) {
            is WalletEvent.State -> Event.Locked(event.locked)
            is WalletEvent.PaymentChanged -> Event.PaymentChanged(event.intentId)
            is WalletEvent.Notice -> Event.Notice(event.title, event.body)
            is WalletEvent.RecordArrived, is WalletEvent.AskArrived, is WalletEvent.ServiceRestored -> Event.Arrived
        }

    fun code(code: PayerCodeView) =
        PayerCode(
            showing = code.showingId,
            way = code.way,
            digits = code.grouped,
            square = Square(code.qr.size.toInt(), code.qr.modules.map { it == DARK }),
            bars = code.bars.widths.map { it.toInt() },
            drawAgainAt = code.drawAgainAt,
            cap = amount(code.cap),
            clockTrusted = code.clockTrusted,
            left = code.codesLeft.toString(),
        )

    fun showing(showing: ShowingView, text: String) =
        Showing(text, showing.state in OVER, showing.recordId)

    fun scanned(scan: ScanView) =
        Scanned(
            id = scan.payeeId,
            name = scan.payeeName,
            order = scan.order,
            amount = scan.amount?.let(::amount),
            lines = listOf(scan.words.title) + scan.words.lines,
            warnings = scan.words.dangers,
            trouble = scan.refusal?.let(told),
        )

    fun quote(quote: QuoteView) =
        Quote(
            id = quote.quoteId,
            payee = quote.payeeName,
            amount = amount(quote.amount),
            fee = amount(quote.fee),
            total = amount(quote.total),
            totalKey = quote.total.minor,
            sources =
                quote.sources.map {
                    Source(it.source, it.text, if (it.usable) null else it.reason?.let(told), it.proposed)
                },
            warning = quote.warning?.let(told),
        )

    fun payment(payment: PaymentView) =
        Payment(
            id = payment.intentId,
            certainty =
                when (payment.state) {
                    PaymentState.SUCCEEDED -> Certainty.PAID
                    PaymentState.FAILED -> Certainty.NOT_PAID
                    else -> Certainty.OPEN
                },
            state = payment.stateText,
            payee = payment.payeeName,
            amount = amount(payment.amount),
            mayPayAgain = payment.mayPayAgain,
            trouble = (payment.warning ?: payment.failure)?.let(told),
            record = payment.recordId,
            stages = payment.timeline.map { it.text },
        )

    private fun line(item: HistoryItem) =
        Line(
            key = item.recordId ?: item.intentId.orEmpty(),
            record = item.recordId,
            payment = item.intentId,
            title = item.title,
            kind = item.kindText,
            state = item.stateText,
            amount = amount(item.amount),
            at = item.atText,
        )

    fun page(page: HistoryPage) = Page(page.open.map(::line), page.items.map(::line), page.next)

    fun month(month: MonthView) = Month(amount(month.spent), amount(month.received))

    fun record(record: RecordView, receipt: ReceiptView?) =
        Record(
            line = line(record.item),
            fee = amount(record.fee),
            route = record.routeText,
            ourOrder = record.ourOrder,
            acquirerOrder = record.acquirerOrder,
            merchantOrder = record.merchantOrder,
            receipt =
                receipt?.let {
                    Receipt(
                        title = it.title,
                        verified = it.verified,
                        payeeLabel = it.payeeLabel,
                        payee = it.payeeName,
                        amount = amount(it.amount),
                        fee = amount(it.fee),
                        source = it.sourceText,
                        at = it.atText,
                        arrives = it.arrivesText,
                    )
                },
        )

    private companion object {
        const val DARK: Byte = 1

        /** The code is used up. A merchant who waits for the person has used it too. */
        val OVER = setOf(MerchantState.PAID, MerchantState.REFUSED, MerchantState.REVERSED, MerchantState.NEEDS_YOU)
    }
}
