package app.kabao.kit

import app.kabao.base.Failure
import app.kabao.base.Language
import app.kabao.core.AccountClientInterface
import app.kabao.core.CardsClientInterface
import app.kabao.core.DataClientInterface
import app.kabao.core.HistoryClientInterface
import app.kabao.core.IdentityClientInterface
import app.kabao.core.LimitsClientInterface
import app.kabao.core.OperatorClientInterface
import app.kabao.core.PayClientInterface
import app.kabao.money.MerchantState
import app.kabao.money.OnboardingStep
import app.kabao.wallet.Explanation
import app.kabao.wallet.LockAfterView
import app.kabao.wallet.StepWords
import app.kabao.wallet.WalletEvent
import kotlinx.coroutines.flow.Flow

/**
 * What screens need of a wallet: its clients, its events, its lock. [Wallet] is the real one; `FakeWallet` of the artefact
 * `kabao-fake` is one in memory for tests of screens, which loads no native code. Write screens against this.
 */
public interface OpenWallet : AutoCloseable {
    /** Registration, payment PIN, recovery sheet, the next step of the set-up. */
    public val account: AccountClientInterface

    /** The real name. */
    public val identity: IdentityClientInterface

    /** Bound cards. */
    public val cards: CardsClientInterface

    /** Paying. */
    public val pay: PayClientInterface

    /** What happened. */
    public val history: HistoryClientInterface

    /** Limits, fees, and what stands in the way of a payment. */
    public val limits: LimitsClientInterface

    /** Who runs this wallet. */
    public val operator: OperatorClientInterface

    /** What is kept about the person: inventory, consents, export, and erasing this phone. */
    public val data: DataClientInterface

    /** Whether the wallet is locked. */
    public val isLocked: Boolean

    /**
     * What happens, beginning with the present state. Each collector has a subscription of its own, which ends with the
     * collecting; no event is lost on a slow collector.
     */
    public val events: Flow<WalletEvent>

    /**
     * The phone is on another network: call it when the system says so (`ConnectivityManager.registerDefaultNetworkCallback`, `onAvailable`).
     * Whoever waits for an answer on the old one hears `net_cut`, and every payment without a result is asked for at once.
     * Nothing is sent twice for it.
     */
    public fun networkChanged()

    /** Opens a locked wallet again. Does nothing when it is open. */
    public suspend fun unlock()

    /**
     * Locks for the person at once. Returns when the answers that are on their way are recorded, at the latest after 20
     * seconds; what has no answer by then stays *unknown*.
     */
    public suspend fun lock()

    /** Locks without waiting: for the moment in which the system stops the app. */
    public suspend fun suspendNow()

    /** Somebody is there: call it for every touch of a screen that shows the wallet. Other calls do not count. */
    public fun touch()

    /** After how long without a touch the wallet locks by itself. */
    public suspend fun lockAfter(): LockAfterView

    /** Sets it: 15 to 3600 seconds, or `null` for never; `bad_argument` for any other number. */
    public suspend fun setLockAfter(seconds: UInt?): LockAfterView

    /** Something arrived by push. Nothing in it is believed; it is only a reason to look. */
    public suspend fun hint(push: ByteArray)

    /** Closes the files, so that the wallet can be opened anew; every later call fails with `closed`. */
    public suspend fun shutDown()

    /** What to tell a person about a failure, and what to do next. */
    public fun explain(failure: Failure, language: Language): Explanation

    /** Heading and reason of a step of the set-up. */
    public fun words(step: OnboardingStep, language: Language): StepWords

    /** What became of a payer code that was shown, in words. */
    public fun words(state: MerchantState, language: Language): String
}
