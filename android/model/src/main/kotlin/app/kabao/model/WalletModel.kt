package app.kabao.model

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.launch
import java.time.Instant
import java.util.concurrent.atomic.AtomicReference

/** The failure that says that the same was paid minutes ago. */
internal const val REPEATED: String = "payment_repeated"

private const val LOCKED = "locked"

/**
 * What the person sees and does. Lives as long as the app: who leaves a screen stops looking, and a payment goes on.
 *
 * At most one question to the wallet is asked at a time; a second tap on a button meanwhile does nothing. Going back lets
 * go of the question: its answer is no longer shown, and the wallet tells of a payment by its events.
 *
 * @param now the time, to say how long a picture of a code lasts.
 */
public class WalletModel(
    internal val door: Door,
    internal val words: Words,
    internal val scope: CoroutineScope,
    internal val now: () -> Instant = Instant::now,
) : Actions {
    internal val mine = MutableStateFlow(WalletState())
    private val turn = AtomicReference<Turn?>(null)
    private val news = Channel<Unit>(Channel.CONFLATED)
    private val codes = CodePart(this)
    private val payments = ConfirmPart(this)
    private val list = HistoryPart(this)

    /** Everything that the screens show. */
    public val state: StateFlow<WalletState> = mine.asStateFlow()

    override val home: HomeActions = HomePart(this)
    override val code: CodeActions = codes
    override val confirm: ConfirmActions = payments
    override val history: HistoryActions = list

    /** Begins to listen to the wallet, and shows the first screen. */
    public fun start() {
        scope.launch { door.events.collect(::heard) }
        scope.launch {
            for (one in news) {
                loadHome()
                codes.watch()
                list.renew()
            }
        }
        news.trySend(Unit)
    }

    override fun dismiss(): Unit = mine.update { it.copy(trouble = null, notice = null) }

    override fun touch(): Unit = door.touch()

    override fun unlock(): Unit =
        ask {
            if (tell(door.unlock()) != null) {
                show { it.copy(locked = false) }
                loadHome()
            }
        }

    private suspend fun heard(event: Event) {
        when (event) {
            is Event.Locked -> if (event.locked) lock() else mine.update { it.copy(locked = false) }
            is Event.PaymentChanged -> payments.changed(event.id)
            is Event.Arrived -> Unit
            is Event.Notice -> mine.update { it.copy(notice = event) }
        }
        news.trySend(Unit)
    }

    /** Nothing of the wallet stays on the screen, and an answer that is still on its way is not shown. */
    private fun lock() {
        turn.set(null)
        codes.stop()
        mine.value = WalletState(locked = true)
    }

    internal suspend fun loadHome() {
        when (val answer = door.home()) {
            is Answer.Given -> mine.update { if (it.locked) it else it.copy(home = answer.value) }
            is Answer.Refused -> if (answer.trouble.code == LOCKED) lock()
        }
    }

    /** Lets go of the question that is on its way, and shows the first screen. */
    internal fun goHome() {
        turn.set(null)
        codes.stop()
        mine.update { it.copy(place = Place.HOME, busy = false, trouble = null, confirm = null, history = HistoryScreenState()) }
        news.trySend(Unit)
    }

    /** Asks the wallet something, unless a question is on its way. */
    internal fun ask(work: suspend Turn.() -> Unit) {
        val mineNow = Turn()
        if (!turn.compareAndSet(null, mineNow)) return
        mine.update { it.copy(busy = true, trouble = null) }
        scope.launch {
            try {
                mineNow.work()
            } finally {
                if (turn.compareAndSet(mineNow, null)) mine.update { it.copy(busy = false) }
            }
        }
    }

    /** One question to the wallet, with what follows from its answer. */
    internal inner class Turn {
        /** Changes what is shown, unless the person has gone elsewhere. */
        fun show(change: (WalletState) -> WalletState) {
            if (turn.get() === this) mine.update(change)
        }

        /** The value; a refusal is shown and gives null. */
        fun <T : Any> tell(answer: Answer<T>): T? =
            when (answer) {
                is Answer.Given -> answer.value
                is Answer.Refused -> {
                    if (answer.trouble.code == LOCKED) lock() else show { it.copy(trouble = answer.trouble) }
                    null
                }
            }
    }
}
