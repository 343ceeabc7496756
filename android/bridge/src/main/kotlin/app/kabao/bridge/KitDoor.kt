package app.kabao.bridge

import app.kabao.base.Failure
import app.kabao.base.Language
import app.kabao.kit.OpenWallet
import app.kabao.kit.Outcome
import app.kabao.kit.outcome
import app.kabao.model.Answer
import app.kabao.model.Door
import app.kabao.model.Event
import app.kabao.model.Home
import app.kabao.model.Month
import app.kabao.model.Page
import app.kabao.model.PayerCode
import app.kabao.model.Payment
import app.kabao.model.Proof
import app.kabao.model.Purchase
import app.kabao.model.Quote
import app.kabao.model.Ready
import app.kabao.model.Record
import app.kabao.model.Scanned
import app.kabao.model.Showing
import app.kabao.model.Trouble
import app.kabao.model.Way
import app.kabao.money.OnboardingStepKind
import app.kabao.wallet.ConfirmRequest
import app.kabao.wallet.PaymentProof
import app.kabao.wallet.QuoteRequest
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.map

private const val NOT_REGISTERED = "not_registered"

/** The wallet behind the screens. */
public class KitDoor(private val wallet: OpenWallet, private val language: Language) : Door {
    private val shape = Shape { it.told() }

    override val events: Flow<Event> = wallet.events.map(shape::event)

    override suspend fun home(): Answer<Home> =
        given {
            val step = wallet.account.onboardingNext()
            val found = outcome { wallet.account.view() }
            val account = (found as? Outcome.Given)?.value
            Home(
                account = (found as? Outcome.Refused)?.failure?.code != NOT_REGISTERED,
                balance = account?.balance?.let(shape::amount),
                balanceAge = account?.balanceAgeText,
                phone = account?.phoneMasked,
                step = if (step.kind == OnboardingStepKind.READY) null else shape.step(wallet.words(step, language)),
                ready = known(Ready()) { shape.ready(wallet.limits.readyToPay()) },
                asks = known(emptyList()) { wallet.pay.asks() }.map(shape::ask),
                open = known(emptyList()) { wallet.pay.openPayments() }.map(shape::payment),
                cards = known(emptyList()) { wallet.cards.list() }.map(shape::card),
            )
        }

    override suspend fun refresh(): Answer<Unit> =
        given {
            wallet.history.sync()
            wallet.account.refresh()
            // Codes for the time without a network. A wallet that may have none yet says so where they are shown.
            outcome { wallet.pay.prepareCodes() }
        }

    override suspend fun listen() {
        outcome { wallet.history.sync() }
    }

    override suspend fun unlock(): Answer<Unit> = given { wallet.unlock() }

    override fun touch(): Unit = wallet.touch()

    override suspend fun ways(): Answer<List<Way>> = given { wallet.pay.ways().map(shape::way) }

    override suspend fun showCode(way: String): Answer<PayerCode> = given { shape.code(wallet.pay.showCode(way)) }

    override suspend fun drawAgain(code: PayerCode): Answer<PayerCode> =
        given { shape.code(wallet.pay.nextPicture(code.showing, code.way)) }

    override suspend fun showing(showing: String): Answer<Showing> =
        given {
            val found = wallet.pay.showing(showing)
            shape.showing(found, wallet.words(found.state, language))
        }

    override suspend fun read(text: String): Answer<Scanned> = given { shape.scanned(wallet.pay.read(text)) }

    override suspend fun quote(purchase: Purchase): Answer<Quote> =
        given {
            val request =
                when (purchase) {
                    is Purchase.ToPayee ->
                        QuoteRequest.Pay(purchase.scanned.id.orEmpty(), purchase.amount, purchase.scanned.order)
                    is Purchase.TopUp -> QuoteRequest.TopUp(purchase.amount, purchase.card)
                    is Purchase.ToAsk -> QuoteRequest.Ask(purchase.id)
                }
            shape.quote(wallet.pay.quote(request))
        }

    override suspend fun confirm(quote: Quote, source: String, proof: Proof, again: Boolean): Answer<Payment> =
        given {
            val proven =
                when (proof) {
                    is Proof.Pin -> PaymentProof.Pin(proof.digits)
                    is Proof.Approval -> PaymentProof.Approval
                }
            shape.payment(wallet.pay.confirm(ConfirmRequest(quote.id, quote.totalKey, source, proven, again)))
        }

    override suspend fun payment(id: String): Answer<Payment> = given { shape.payment(wallet.pay.payment(id)) }

    override suspend fun resolve(id: String): Answer<Payment> = given { shape.payment(wallet.pay.resolve(id)) }

    override suspend fun decline(ask: String): Answer<Unit> = given { wallet.pay.decline(ask) }

    override suspend fun page(cursor: String?): Answer<Page> = given { shape.page(wallet.history.list(cursor)) }

    override suspend fun month(): Answer<Month> = given { shape.month(wallet.history.month(null)) }

    override suspend fun record(id: String): Answer<Record> =
        given {
            val found = wallet.history.detail(id)
            val receipt = if (found.hasReceipt) wallet.pay.receipt(id) else null
            shape.record(found, receipt)
        }

    private suspend fun <T> given(call: suspend () -> T): Answer<T> =
        when (val answer = outcome(call)) {
            is Outcome.Given -> Answer.Given(answer.value)
            is Outcome.Refused -> Answer.Refused(answer.failure.told())
        }

    /** What is not known yet is not shown, and does not keep the rest of the screen away. */
    private suspend fun <T> known(otherwise: T, call: suspend () -> T): T =
        when (val answer = outcome(call)) {
            is Outcome.Given -> answer.value
            is Outcome.Refused -> otherwise
        }

    private fun Failure.told() = wallet.explain(this, language).let { Trouble(code, it.text, it.next) }
}
