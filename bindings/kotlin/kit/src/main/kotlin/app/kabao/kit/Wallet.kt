package app.kabao.kit

import app.kabao.base.Failure
import app.kabao.base.Language
import app.kabao.core.AccountClient
import app.kabao.core.CardsClient
import app.kabao.core.DataClient
import app.kabao.core.HistoryClient
import app.kabao.core.IdentityClient
import app.kabao.core.KabaoWallet
import app.kabao.core.LimitsClient
import app.kabao.core.OperatorClient
import app.kabao.core.PayClient
import app.kabao.core.setAsideLostWallet
import app.kabao.money.MerchantState
import app.kabao.money.OnboardingStep
import app.kabao.wallet.Background
import app.kabao.wallet.DeviceKeys
import app.kabao.wallet.Explanation
import app.kabao.wallet.LockAfterView
import app.kabao.wallet.SecretStore
import app.kabao.wallet.StepWords
import app.kabao.wallet.WalletEvent
import app.kabao.wallet.WalletListener
import app.kabao.wallet.WalletSettings
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.callbackFlow

/**
 * What the phone lends the wallet. The wallet calls all of it from threads of its own.
 *
 * @property secrets keeps small secrets under a key of the hardware.
 * @property keys signs with keys that cannot leave the hardware.
 * @property background keeps the process alive while money is on its way; null where programs are not stopped.
 */
public class Device(
    public val secrets: SecretStore,
    public val keys: DeviceKeys,
    public val background: Background? = null,
)

/**
 * One wallet on this phone, with one client for each feature. Open one when the app starts, keep it, and [close] it at
 * the end. Its calls never block the caller's thread; who cancels the coroutine of a call stops waiting for it, and the
 * call goes on: cancelling does not undo a payment. Screens take an [OpenWallet], so that a test can give them another.
 */
public class Wallet private constructor(private val core: KabaoWallet) : OpenWallet {
    /** Registration, payment PIN, recovery sheet, the next step of the set-up. */
    override val account: AccountClient = core.account()

    /** The real name. */
    override val identity: IdentityClient = core.identity()

    /** Bound cards. */
    override val cards: CardsClient = core.cards()

    /** Paying. */
    override val pay: PayClient = core.pay()

    /** What happened. */
    override val history: HistoryClient = core.history()

    /** Limits, fees, and what stands in the way of a payment. */
    override val limits: LimitsClient = core.limits()

    /** Who runs this wallet. */
    override val operator: OperatorClient = core.operator()

    /** What is kept about the person: inventory, consents, export, and erasing this phone. */
    override val data: DataClient = core.data()

    /** Whether the wallet is locked. */
    override val isLocked: Boolean get() = core.isLocked()

    /**
     * What happens, beginning with the present state. Each collector has a subscription of its own, which ends with the
     * collecting; no event is lost on a slow collector.
     */
    override val events: Flow<WalletEvent> =
        callbackFlow {
            val subscription =
                core.subscribe(
                    object : WalletListener {
                        override fun onEvent(event: WalletEvent) {
                            trySend(event)
                        }
                    },
                )
            awaitClose { subscription.use { it.cancel() } }
        }.buffer(Channel.UNLIMITED)

    /**
     * The phone is on another network: call it when the system says so (`ConnectivityManager.registerDefaultNetworkCallback`, `onAvailable`).
     * Whoever waits for an answer on the old one hears `net_cut`, and every payment without a result is asked for at once.
     * Nothing is sent twice for it.
     */
    override fun networkChanged(): Unit = core.networkChanged()

    /** Opens a locked wallet again. Does nothing when it is open. */
    override suspend fun unlock(): Unit = core.unlock()

    /**
     * Locks for the person at once. Returns when the answers that are on their way are recorded, at the latest after 20
     * seconds; what has no answer by then stays *unknown*.
     */
    override suspend fun lock(): Unit = core.lock()

    /** Locks without waiting: for the moment in which the system stops the app. */
    override suspend fun suspendNow(): Unit = core.suspend()

    /** Somebody is there: call it for every touch of a screen that shows the wallet. Other calls do not count. */
    override fun touch(): Unit = core.touch()

    /** After how long without a touch the wallet locks by itself. */
    override suspend fun lockAfter(): LockAfterView = core.lockAfter()

    /** Sets it: 15 to 3600 seconds, or `null` for never; `bad_argument` for any other number. */
    override suspend fun setLockAfter(seconds: UInt?): LockAfterView = core.setLockAfter(seconds)

    /** Something arrived by push. Nothing in it is believed; it is only a reason to look. */
    override suspend fun hint(push: ByteArray): Unit = core.hint(push)

    /** Closes the files, so that the wallet can be opened anew; every later call fails with `closed`. */
    override suspend fun shutDown(): Unit = core.shutDown()

    override fun explain(failure: Failure, language: Language): Explanation = failure.explain(language)

    override fun words(step: OnboardingStep, language: Language): StepWords = step.words(language)

    override fun words(state: MerchantState, language: Language): String = state.words(language)

    /** Lets go of the objects beneath. Call [shutDown] first. A call afterwards throws [IllegalStateException]. */
    override fun close() {
        listOf<AutoCloseable>(account, identity, cards, pay, history, limits, operator, data, core).forEach(AutoCloseable::close)
    }

    /** Opens wallets. */
    public companion object {
        /**
         * Opens the wallet of `settings.folder`, or makes it.
         *
         * @throws app.kabao.wallet.WalletException with `in_use`, `key_lost`, `rolled_back`, `newer_schema`,
         * `bad_argument` or `storage_…`.
         * @throws LibraryException before anything else, when the native library is missing or of another version. Call this
         * first: another function of the packages says the same with a [LinkageError].
         */
        public suspend fun open(settings: WalletSettings, device: Device): Wallet =
            withLibrary { Wallet(KabaoWallet.open(settings, device.secrets, device.keys, device.background)) }

        /**
         * Sets the files of a wallet with a lost key aside, so that a new one can begin in the same folder. Nothing is
         * deleted. Refused while the key is there.
         *
         * @return the files' new names.
         */
        public suspend fun setAsideLost(settings: WalletSettings, device: Device): List<String> =
            withLibrary { setAsideLostWallet(settings, device.secrets, device.keys) }
    }
}
