package app.kabao.model

/**
 * The next step of the set-up.
 *
 * @property title its heading.
 * @property why what it is for.
 */
public data class Step(public val title: String, public val why: String)

/**
 * Whether a payer code can be shown and paid now.
 *
 * @property lacks what stands in the way, and what to do about it; empty when nothing does.
 * @property offer the advice to show the code where a scan would wait; null where it would not.
 */
public data class Ready(public val lacks: List<Trouble> = emptyList(), public val offer: String? = null)

/**
 * A merchant waits for an answer.
 *
 * @property id names the question.
 * @property payee who asks.
 * @property amount how much.
 */
public data class Ask(public val id: String, public val payee: String, public val amount: Amount)

/**
 * A bound card.
 *
 * @property id names it.
 * @property text bank and last four digits.
 * @property trouble why it cannot pay now; null when it can.
 */
public data class Card(public val id: String, public val text: String, public val trouble: Trouble?)

/**
 * The first screen. All of it is known without a network.
 *
 * @property account whether this phone has an account, or had one: without it there is nothing but the step.
 * @property balance as the service said it last; null before the first answer.
 * @property balanceAge how long ago that is.
 * @property phone the number, masked.
 * @property step what the set-up lacks, or what leads back into the account; null when nothing is missing.
 * @property ready whether a payer code can be shown and paid now.
 * @property asks merchants that wait for an answer.
 * @property open payments without a result.
 * @property cards the bound cards.
 */
public data class Home(
    public val account: Boolean = false,
    public val balance: Amount? = null,
    public val balanceAge: String? = null,
    public val phone: String? = null,
    public val step: Step? = null,
    public val ready: Ready = Ready(),
    public val asks: List<Ask> = emptyList(),
    public val open: List<Payment> = emptyList(),
    public val cards: List<Card> = emptyList(),
)

/** What a person does on the first screen. */
public interface HomeActions {
    /** Asks the service for what is new. */
    public fun refresh()

    /** Goes to the payer code. */
    public fun openCode()

    /** Goes to the list. */
    public fun openHistory()

    /** Takes the content of a merchant's code. */
    public fun scan(text: String)

    /** Begins a top-up. Without a card there is none: the next step of the set-up says how to get one. */
    public fun topUp()

    /** Looks at what a merchant asks for. */
    public fun look(ask: String)

    /** Refuses what a merchant asks for. */
    public fun decline(ask: String)

    /** Looks at a payment without a result. */
    public fun openPayment(id: String)
}
