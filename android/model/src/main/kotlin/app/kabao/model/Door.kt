package app.kabao.model

import kotlinx.coroutines.flow.Flow

/** Something happened in the wallet. */
public sealed interface Event {
    /**
     * The wallet is open to the person, or locked.
     *
     * @property locked whether it is locked.
     */
    public data class Locked(public val locked: Boolean) : Event

    /**
     * A payment changed.
     *
     * @property id the payment.
     */
    public data class PaymentChanged(public val id: String) : Event

    /** Records or questions of merchants came. */
    public data object Arrived : Event

    /**
     * A sentence for the person.
     *
     * @property title the heading.
     * @property body the sentence.
     */
    public data class Notice(public val title: String, public val body: String) : Event
}

/** The wallet, as the screens know it. A fake in memory stands in for it in tests. */
public interface Door {
    /** What happens, beginning with the present state. */
    public val events: Flow<Event>

    /** The first screen, from what is on the phone. */
    public suspend fun home(): Answer<Home>

    /** Brings what the service has new, and codes for the time without a network. */
    public suspend fun refresh(): Answer<Unit>

    /** Asks the service quietly whether something came. Without a network nothing happens and nothing is said. */
    public suspend fun listen()

    /** Opens a locked wallet. */
    public suspend fun unlock(): Answer<Unit>

    /** Somebody is there. */
    public fun touch()

    /** The ways to pay. */
    public suspend fun ways(): Answer<List<Way>>

    /** Uses up a code and shows it. */
    public suspend fun showCode(way: String): Answer<PayerCode>

    /** The next picture of the same code. */
    public suspend fun drawAgain(code: PayerCode): Answer<PayerCode>

    /** What became of a code. */
    public suspend fun showing(showing: String): Answer<Showing>

    /** Reads a merchant's code. */
    public suspend fun read(text: String): Answer<Scanned>

    /** What it would cost. */
    public suspend fun quote(purchase: Purchase): Answer<Quote>

    /** Pays. Goes on when nobody waits for it any more. */
    public suspend fun confirm(quote: Quote, source: String, proof: Proof, again: Boolean): Answer<Payment>

    /** How a payment stands. */
    public suspend fun payment(id: String): Answer<Payment>

    /** Asks the service how a payment stands. */
    public suspend fun resolve(id: String): Answer<Payment>

    /** Refuses what a merchant asks for. */
    public suspend fun decline(ask: String): Answer<Unit>

    /** A page of the list. */
    public suspend fun page(cursor: String?): Answer<Page>

    /** The sums of this month. */
    public suspend fun month(): Answer<Month>

    /** One record. */
    public suspend fun record(id: String): Answer<Record>
}
