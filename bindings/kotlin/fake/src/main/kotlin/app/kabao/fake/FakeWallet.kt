package app.kabao.fake

import app.kabao.base.Actor
import app.kabao.base.Cause
import app.kabao.base.Certainty
import app.kabao.base.Failure
import app.kabao.base.Language
import app.kabao.base.Remedy
import app.kabao.core.AccountClientInterface
import app.kabao.core.CardsClientInterface
import app.kabao.core.DataClientInterface
import app.kabao.core.HistoryClientInterface
import app.kabao.core.IdentityClientInterface
import app.kabao.core.LimitsClientInterface
import app.kabao.core.OperatorClientInterface
import app.kabao.core.PayClientInterface
import app.kabao.kit.OpenWallet
import app.kabao.money.MerchantState
import app.kabao.money.OnboardingStep
import app.kabao.money.OnboardingStepKind
import app.kabao.money.PaymentState
import app.kabao.wallet.Explanation
import app.kabao.wallet.LockAfterView
import app.kabao.wallet.StepWords
import app.kabao.wallet.WalletEvent
import app.kabao.wallet.WalletException
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.onSubscription

/**
 * A wallet in memory for tests of screens: no native code, no files, no network, no clock, the same every time.
 *
 * By itself it answers the set-up (`register`, `enterOtp` with [OTP], `choosePin`, `skip`), the account, paying (`read` of any
 * text, `quote`, `confirm` with [PIN], `payment`, `ways`, `showCode` …), the cards and the history. Every other call of every
 * client is answered with [answer], and refused with [refuse]; one that has no answer throws [UnsupportedOperationException]
 * with its name. Records are made with the `blank…` functions and `copy`.
 *
 * @param step where the set-up stands: [OnboardingStepKind.READY] is a wallet that can pay.
 * @param balanceMinor the balance in minor units, 1,000.00 CNY unless told.
 */
public class FakeWallet(step: OnboardingStepKind = OnboardingStepKind.READY, balanceMinor: Long = 100_000) : OpenWallet {
    private val answers = Answers()
    private val told = MutableSharedFlow<WalletEvent>(extraBufferCapacity = 1024)
    private var lockSeconds: UInt? = 120u
    private var locked = false
    private var closed = false

    override val account: AccountClientInterface = answers.client("account")
    override val identity: IdentityClientInterface = answers.client("identity")
    override val cards: CardsClientInterface = answers.client("cards")
    override val pay: PayClientInterface = answers.client("pay")
    override val history: HistoryClientInterface = answers.client("history")
    override val limits: LimitsClientInterface = answers.client("limits")
    override val operator: OperatorClientInterface = answers.client("operator")
    override val data: DataClientInterface = answers.client("data")

    private val memory = Memory(answers, ::emit, step, balanceMinor)

    /** Which calls of clients were made, in order: `pay.quote`, `pay.confirm`. */
    public val calls: List<String> get() = answers.made.toList()

    /** How the next payments end. [PaymentState.UNKNOWN] leaves them open until [settle]. */
    public var paymentsEnd: PaymentState by memory::paymentsEnd

    init {
        answers.gate = { if (closed) throw refusal("closed", Remedy.RESTART, Actor.APP) else if (locked) throw refusal("locked", Remedy.UNLOCK) }
    }

    /**
     * What a call gives from now on, in place of what the fake would answer. The answer may wait, or throw a [WalletException].
     *
     * @param call client and call: `limits.view`.
     * @param answer gets the arguments of the call, and gives a value of the call's type.
     */
    public fun answer(call: String, answer: suspend (arguments: List<Any?>) -> Any?): Unit = answers.set(call, answer)

    /** Lets a call fail from now on. */
    public fun refuse(call: String, failure: Failure): Unit = answers.set(call) { throw WalletException.Failed(failure) }

    /** Tells whoever collects [events]. */
    public fun emit(event: WalletEvent): Unit = check(told.tryEmit(event)) { "nobody takes the events" }

    /** The bank has answered about a payment whose result was unknown: [PaymentState.SUCCEEDED] or [PaymentState.FAILED]. */
    public fun settle(intentId: String, state: PaymentState): Unit = memory.settle(intentId, state)

    override val isLocked: Boolean get() = locked

    override val events: Flow<WalletEvent> = told.onSubscription { emit(WalletEvent.State(locked)) }

    override suspend fun unlock(): Unit = turn(false)

    override suspend fun lock(): Unit = turn(true)

    override suspend fun suspendNow(): Unit = turn(true)

    private fun turn(to: Boolean) {
        if (locked == to) return
        locked = to
        emit(WalletEvent.State(to))
    }

    override fun networkChanged(): Unit = Unit

    override fun touch(): Unit = Unit

    override suspend fun lockAfter(): LockAfterView =
        blankLockAfterView().copy(seconds = lockSeconds, text = "$lockSeconds s", shortest = 15u, longest = 3600u)

    override suspend fun setLockAfter(seconds: UInt?): LockAfterView {
        if (seconds != null && seconds !in 15u..3600u) throw refusal("bad_argument", Remedy.REPORT, Actor.APP)
        lockSeconds = seconds
        return lockAfter()
    }

    override suspend fun hint(push: ByteArray): Unit = Unit

    override suspend fun shutDown() {
        closed = true
    }

    override fun close(): Unit = Unit

    /** The code and the remedy by their names: the sentences of the catalogue are in the library. */
    override fun explain(failure: Failure, language: Language): Explanation = Explanation(failure.code, failure.remedy.name)

    override fun words(step: OnboardingStep, language: Language): StepWords = StepWords(step.kind.name, step.reasonKey)

    override fun words(state: MerchantState, language: Language): String = state.name

    /** What the fake takes for right. */
    public companion object {
        /** The one-time code that the fake takes. */
        public const val OTP: String = "123456"

        /** The payment PIN that the fake takes, unless another was chosen. */
        public const val PIN: String = "271828"
    }
}

/** A refusal as the wallet gives it; without effect on any money. */
public fun refusal(code: String, remedy: Remedy, actor: Actor = Actor.PERSON, field: String? = null, attemptsLeft: UInt? = null): WalletException =
    WalletException.Failed(
        blankFailure().copy(
            code = code,
            certainty = Certainty.CERTAIN,
            cause = Cause.STATE,
            actor = actor,
            remedy = remedy,
            field = field,
            attemptsLeft = attemptsLeft,
        ),
    )
