package app.kabao.kit

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
import app.kabao.wallet.Background
import app.kabao.wallet.DeviceKeys
import app.kabao.wallet.LockAfterView
import app.kabao.wallet.SecretStore
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
 * call goes on: cancelling does not undo a payment.
 */
public class Wallet private constructor(private val core: KabaoWallet) : AutoCloseable {
    /** Registration, payment PIN, recovery sheet, the next step of the set-up. */
    public val account: AccountClient = core.account()

    /** The real name. */
    public val identity: IdentityClient = core.identity()

    /** Bound cards. */
    public val cards: CardsClient = core.cards()

    /** Paying. */
    public val pay: PayClient = core.pay()

    /** What happened. */
    public val history: HistoryClient = core.history()

    /** Limits, fees, and what stands in the way of a payment. */
    public val limits: LimitsClient = core.limits()

    /** Who runs this wallet. */
    public val operator: OperatorClient = core.operator()

    /** What is kept about the person: inventory, consents, export, and erasing this phone. */
    public val data: DataClient = core.data()

    /** Whether the wallet is locked. */
    public val isLocked: Boolean get() = core.isLocked()

    /**
     * What happens, beginning with the present state. Each collector has a subscription of its own, which ends with the
     * collecting; no event is lost on a slow collector.
     */
    public val events: Flow<WalletEvent> =
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

    /** Opens a locked wallet again. Does nothing when it is open. */
    public suspend fun unlock(): Unit = core.unlock()

    /**
     * Locks for the person at once. Returns when the answers that are on their way are recorded, at the latest after 20
     * seconds; what has no answer by then stays *unknown*.
     */
    public suspend fun lock(): Unit = core.lock()

    /** Locks without waiting: for the moment in which the system stops the app. */
    public suspend fun suspendNow(): Unit = core.suspend()

    /** Somebody is there: call it for every touch of a screen that shows the wallet. Other calls do not count. */
    public fun touch(): Unit = core.touch()

    /** After how long without a touch the wallet locks by itself. */
    public suspend fun lockAfter(): LockAfterView = core.lockAfter()

    /** Sets it: 15 to 3600 seconds, or `null` for never; `bad_argument` for any other number. */
    public suspend fun setLockAfter(seconds: UInt?): LockAfterView = core.setLockAfter(seconds)

    /** Something arrived by push. Nothing in it is believed; it is only a reason to look. */
    public suspend fun hint(push: ByteArray): Unit = core.hint(push)

    /** Closes the files, so that the wallet can be opened anew; every later call fails with `closed`. */
    public suspend fun shutDown(): Unit = core.shutDown()

    /** Lets go of the objects beneath. Call [shutDown] first. A call afterwards throws [IllegalStateException]. */
    override fun close() {
        listOf<AutoCloseable>(account, identity, cards, pay, history, limits, operator, data, core).forEach(AutoCloseable::close)
    }

    public companion object {
        /**
         * Opens the wallet of `settings.folder`, or makes it.
         *
         * @throws app.kabao.wallet.WalletException with `in_use`, `key_lost`, `rolled_back`, `newer_schema`,
         * `bad_argument` or `storage_…`.
         */
        public suspend fun open(settings: WalletSettings, device: Device): Wallet =
            Wallet(KabaoWallet.open(settings, device.secrets, device.keys, device.background))

        /**
         * Sets the files of a wallet with a lost key aside, so that a new one can begin in the same folder. Nothing is
         * deleted. Refused while the key is there.
         *
         * @return the files' new names.
         */
        public suspend fun setAsideLost(settings: WalletSettings, device: Device): List<String> =
            setAsideLostWallet(settings, device.secrets, device.keys)
    }
}
