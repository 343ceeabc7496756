package app.kabao.model

import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import java.time.Duration
import java.util.concurrent.atomic.AtomicBoolean

internal class HomePart(private val model: WalletModel) : HomeActions {
    override fun refresh() =
        model.ask {
            tell(model.door.refresh())
            model.loadHome()
        }

    override fun openCode() = (model.code as CodePart).open()

    override fun openHistory() = (model.history as HistoryPart).open()

    override fun scan(text: String) = (model.confirm as ConfirmPart).scan(text)

    override fun topUp() = (model.confirm as ConfirmPart).topUp()

    override fun look(ask: String) = (model.confirm as ConfirmPart).look(ask)

    override fun decline(ask: String) =
        model.ask {
            tell(model.door.decline(ask))
            model.loadHome()
        }

    override fun openPayment(id: String) = (model.confirm as ConfirmPart).openPayment(id)
}

private val SECOND: Duration = Duration.ofSeconds(1)

/** How often the service is asked what became of a code that is shown. */
private val LISTEN: Duration = Duration.ofSeconds(2)

internal class CodePart(private val model: WalletModel) : CodeActions {
    @Volatile private var ticking: Job? = null

    fun open() =
        model.ask {
            val ways = tell(model.door.ways()) ?: return@ask
            val chosen = ways.firstOrNull { it.trouble == null }?.id
            show { it.copy(place = Place.CODE, code = CodeScreenState(ways, chosen, asks = it.home.asks)) }
            if (chosen != null) showing(chosen)
        }

    override fun chooseWay(way: String) =
        model.ask {
            show { it.copy(code = it.code.copy(chosen = way, code = null, outcome = null)) }
            showing(way)
        }

    override fun newCode() {
        val way = model.mine.value.code.chosen ?: return
        chooseWay(way)
    }

    override fun look(ask: String) = (model.confirm as ConfirmPart).look(ask)

    override fun openRecord(record: String) = model.history.openRecord(record)

    override fun back() = model.goHome()

    private suspend fun WalletModel.Turn.showing(way: String) {
        stop()
        val code = tell(model.door.showCode(way)) ?: return
        show { it.copy(code = it.code.copy(code = code, left = "", outcome = null)) }
        ticking =
            model.scope.launch {
                val listening = launch { listen() }
                tick()
                listening.cancel()
            }
    }

    /** The merchant scans, and only the service hears of it: ask as long as the code is shown. */
    private suspend fun listen() {
        while (true) {
            delay(LISTEN.toMillis())
            model.door.listen()
            watch()
        }
    }

    fun stop() {
        ticking?.cancel()
        model.mine.update { it.copy(code = it.code.copy(code = null)) }
    }

    /** Says how long the picture lasts, and has it drawn anew. */
    private suspend fun tick() {
        while (true) {
            val code = model.mine.value.code.code ?: return
            val left = Duration.between(model.now(), code.drawAgainAt)
            if (left > Duration.ZERO) {
                val seconds = left.plusMillis(SECOND.toMillis() - 1).seconds
                replace(code) { it.copy(left = model.words.say(Label.WAIT_SECONDS, "n" to "$seconds")) }
                delay(minOf(left, SECOND).toMillis())
                continue
            }
            when (val next = model.door.drawAgain(code)) {
                is Answer.Given -> replace(code) { it.copy(code = next.value) }
                is Answer.Refused -> {
                    replace(code) { it.copy(code = null) }
                    model.mine.update { it.copy(trouble = next.trouble) }
                    return
                }
            }
            // A clock that jumps gives no storm of pictures.
            delay(SECOND.toMillis())
        }
    }

    /** Changes the screen as long as it still shows that code. */
    private fun replace(code: PayerCode, change: (CodeScreenState) -> CodeScreenState) =
        model.mine.update { if (it.code.code == code) it.copy(code = change(it.code)) else it }

    /** Looks what became of the code that is shown. */
    suspend fun watch() {
        val before = model.mine.value
        if (before.place != Place.CODE) return
        model.mine.update { it.copy(code = it.code.copy(asks = it.home.asks)) }
        val code = before.code.code ?: return
        val answer = model.door.showing(code.showing)
        if (answer is Answer.Given && answer.value.over) {
            replace(code) { it.copy(code = null, outcome = answer.value) }
        }
    }
}

internal class HistoryPart(private val model: WalletModel) : HistoryActions {
    private val fetching = AtomicBoolean(false)

    fun open() =
        model.ask {
            show { it.copy(place = Place.HISTORY, history = HistoryScreenState()) }
            val page = tell(model.door.page(null)) ?: return@ask
            val month = tell(model.door.month())
            show { it.copy(history = HistoryScreenState(month, page.open, page.lines, page.next, loaded = true)) }
        }

    override fun more() {
        val next = model.mine.value.history.next ?: return
        if (!fetching.compareAndSet(false, true)) return
        model.scope.launch {
            try {
                val answer = model.door.page(next)
                model.mine.update { now ->
                    when {
                        now.history.next != next -> now
                        answer is Answer.Given -> now.copy(history = now.history.with(answer.value))
                        answer is Answer.Refused -> now.copy(trouble = answer.trouble)
                        else -> now
                    }
                }
            } finally {
                fetching.set(false)
            }
        }
    }

    /** A record that moved while the person read may come with two pages: it stands once. */
    private fun HistoryScreenState.with(page: Page): HistoryScreenState {
        val known = lines.mapTo(HashSet()) { it.key }
        return copy(lines = lines + page.lines.filter { it.key !in known }, next = page.next)
    }

    /** Something new came: it stands above what was fetched. */
    suspend fun renew() {
        if (!model.mine.value.history.loaded) return
        val page = (model.door.page(null) as? Answer.Given)?.value ?: return
        val month = (model.door.month() as? Answer.Given)?.value
        val fresh = page.lines.mapTo(HashSet()) { it.key }
        model.mine.update { now ->
            val old = now.history
            val rest = old.lines.filter { it.key !in fresh }
            val next = if (rest.isEmpty()) page.next else old.next
            if (!old.loaded) now else now.copy(history = old.copy(month = month, open = page.open, lines = page.lines + rest, next = next))
        }
    }

    override fun openRecord(record: String) =
        model.ask {
            val found = tell(model.door.record(record)) ?: return@ask
            show { it.copy(place = Place.HISTORY, confirm = null, history = it.history.copy(record = found)) }
        }

    override fun openPayment(id: String) = (model.confirm as ConfirmPart).openPayment(id)

    override fun back() {
        val history = model.mine.value.history
        if (history.record != null && history.loaded) {
            model.mine.update { it.copy(trouble = null, history = it.history.copy(record = null)) }
        } else {
            model.goHome()
        }
    }
}

internal class ConfirmPart(private val model: WalletModel) : ConfirmActions {
    private fun WalletModel.Turn.at(confirm: Confirm) = show { it.copy(place = Place.CONFIRM, confirm = confirm) }

    private inline fun <reified T : Confirm> standing(): T? = model.mine.value.confirm as? T

    fun scan(text: String) =
        model.ask {
            val scanned = tell(model.door.read(text)) ?: return@ask
            val fixed = scanned.amount
            when {
                scanned.trouble == null && fixed != null -> review(Purchase.ToPayee(scanned, fixed.text))
                else -> at(Confirm.Entry(scanned))
            }
        }

    fun topUp() =
        model.ask {
            // What the first screen knows may be a moment old, or nothing yet.
            model.loadHome()
            val cards = model.mine.value.home.cards
            if (cards.isNotEmpty()) at(Confirm.Entry(null, cards, cards.firstOrNull { it.trouble == null }?.id))
        }

    fun look(ask: String) = model.ask { review(Purchase.ToAsk(ask)) }

    fun openPayment(id: String) =
        model.ask {
            val payment = tell(model.door.payment(id)) ?: return@ask
            at(Confirm.Result(payment))
        }

    override fun chooseCard(card: String) =
        model.mine.update {
            val entry = it.confirm as? Confirm.Entry
            if (entry == null) it else it.copy(confirm = entry.copy(card = card))
        }

    override fun quote(amount: String) {
        val entry = standing<Confirm.Entry>() ?: return
        val scanned = entry.scanned
        val card = entry.card
        when {
            scanned != null -> model.ask { review(Purchase.ToPayee(scanned, amount)) }
            card != null -> model.ask { review(Purchase.TopUp(card, amount)) }
        }
    }

    private suspend fun WalletModel.Turn.review(purchase: Purchase) {
        val quote = tell(model.door.quote(purchase)) ?: return
        val proposed = quote.sources.firstOrNull { it.proposed && it.trouble == null }
        at(Confirm.Review(purchase, quote, proposed?.id))
    }

    override fun choose(source: String) =
        model.mine.update {
            val review = it.confirm as? Confirm.Review
            if (review == null) it else it.copy(confirm = review.copy(source = source))
        }

    override fun pay(proof: Proof, again: Boolean) {
        val review = standing<Confirm.Review>() ?: return
        val source = review.source ?: return
        // Paying the same once more has a button of its own, which is there only when the wallet asked.
        if (again != review.repeated) return
        model.ask {
            when (val answer = model.door.confirm(review.quote, source, proof, again)) {
                is Answer.Given -> at(Confirm.Result(answer.value, review.purchase))
                is Answer.Refused -> {
                    tell(answer)
                    if (answer.trouble.code == REPEATED) at(review.copy(repeated = true))
                }
            }
        }
    }

    override fun askResult() {
        val standing = standing<Confirm.Result>() ?: return
        model.ask {
            val payment = tell(model.door.resolve(standing.payment.id)) ?: return@ask
            at(standing.copy(payment = payment))
        }
    }

    override fun retry() {
        val standing = standing<Confirm.Result>() ?: return
        val purchase = standing.purchase ?: return
        if (standing.payment.mayPayAgain && standing.payment.certainty == Certainty.NOT_PAID) model.ask { review(purchase) }
    }

    /** The wallet says that a payment changed. */
    suspend fun changed(id: String) {
        if (standing<Confirm.Result>()?.payment?.id != id) return
        val answer = model.door.payment(id)
        if (answer !is Answer.Given) return
        model.mine.update {
            val standing = it.confirm as? Confirm.Result
            if (standing?.payment?.id == id) it.copy(confirm = standing.copy(payment = answer.value)) else it
        }
    }

    override fun openRecord(record: String) = model.history.openRecord(record)

    override fun back() = model.goHome()
}
