package app.kabao.model

/**
 * Whose code was scanned.
 *
 * @property id the payee, when the code can be paid.
 * @property name the payee's name as the service knows it.
 * @property order the merchant's order, when the code names one.
 * @property amount the amount, when the code fixes it.
 * @property lines what the code is, in words.
 * @property warnings what is dangerous about it.
 * @property trouble why it cannot be paid; null when it can.
 */
public data class Scanned(
    public val id: String?,
    public val name: String?,
    public val order: String?,
    public val amount: Amount?,
    public val lines: List<String>,
    public val warnings: List<String>,
    public val trouble: Trouble?,
)

/** What is bought. Amounts are as typed; the wallet reads them. */
public sealed interface Purchase {
    /**
     * To the payee of a code.
     *
     * @property scanned whose code.
     * @property amount as typed, or as the code fixes it.
     */
    public data class ToPayee(public val scanned: Scanned, public val amount: String) : Purchase

    /**
     * From a card to the balance.
     *
     * @property card the card.
     * @property amount as typed.
     */
    public data class TopUp(public val card: String, public val amount: String) : Purchase

    /**
     * What a merchant asks for.
     *
     * @property id the question.
     */
    public data class ToAsk(public val id: String) : Purchase
}

/**
 * Where the money may come from.
 *
 * @property id names it.
 * @property text what to call it.
 * @property trouble why it cannot be chosen; null when it can.
 * @property proposed the one that the wallet proposes.
 */
public data class Source(
    public val id: String,
    public val text: String,
    public val trouble: Trouble?,
    public val proposed: Boolean,
)

/**
 * Who, how much, from what: what the person agrees to.
 *
 * @property id names the quote.
 * @property payee who is paid; null for a top-up.
 * @property amount what arrives.
 * @property fee what the service takes.
 * @property total what is paid.
 * @property totalKey the total for the wallet alone: it is handed back as it came.
 * @property sources where the money may come from.
 * @property warning what to know before.
 */
public data class Quote(
    public val id: String,
    public val payee: String?,
    public val amount: Amount,
    public val fee: Amount,
    public val total: Amount,
    public val totalKey: Long,
    public val sources: List<Source>,
    public val warning: Trouble?,
)

/** What proves that the person agrees. */
public sealed interface Proof {
    /**
     * The payment PIN.
     *
     * @property digits as typed.
     */
    public class Pin(public val digits: String) : Proof {
        /** A secret does not print. */
        override fun toString(): String = "Pin(…)"
    }

    /** Finger or face. */
    public data object Approval : Proof
}

/** How sure the result of a payment is. */
public enum class Certainty {
    /** On its way, or the answer is missing: nobody may say how it ended. */
    OPEN,

    /** Paid. */
    PAID,

    /** Not paid. */
    NOT_PAID,
}

/**
 * How a payment stands.
 *
 * @property id names it.
 * @property certainty how sure its result is.
 * @property state its state in words.
 * @property payee who is paid; null for a top-up.
 * @property amount how much.
 * @property mayPayAgain whether paying again is safe.
 * @property trouble why it failed, or why there is no result yet.
 * @property record the record of the history, once it succeeded.
 * @property stages the way of the money, in words.
 */
public data class Payment(
    public val id: String,
    public val certainty: Certainty,
    public val state: String,
    public val payee: String?,
    public val amount: Amount,
    public val mayPayAgain: Boolean,
    public val trouble: Trouble?,
    public val record: String?,
    public val stages: List<String>,
)

/** The screen that confirms, and its result. */
public sealed interface Confirm {
    /**
     * How much, and for a top-up from which card.
     *
     * @property scanned whose code; null for a top-up.
     * @property cards the cards of a top-up.
     * @property card the chosen one.
     */
    public data class Entry(
        public val scanned: Scanned?,
        public val cards: List<Card> = emptyList(),
        public val card: String? = null,
    ) : Confirm

    /**
     * What the person agrees to.
     *
     * @property purchase what is bought.
     * @property quote the wallet's offer.
     * @property source the chosen source.
     * @property repeated the same was paid minutes ago: only the button that says so pays it once more.
     */
    public data class Review(
        public val purchase: Purchase,
        public val quote: Quote,
        public val source: String?,
        public val repeated: Boolean = false,
    ) : Confirm

    /**
     * How it stands.
     *
     * @property payment the payment.
     * @property purchase what was bought, for another try; null when it is looked at later.
     */
    public data class Result(public val payment: Payment, public val purchase: Purchase? = null) : Confirm
}

/** What a person does on the screen that confirms. */
public interface ConfirmActions {
    /** Takes a card for the top-up. */
    public fun chooseCard(card: String)

    /** Asks what it would cost. */
    public fun quote(amount: String)

    /** Takes a source. */
    public fun choose(source: String)

    /** Pays. `again` says that the same, paid minutes ago, is meant once more. */
    public fun pay(proof: Proof, again: Boolean)

    /** Asks for the result now. */
    public fun askResult()

    /** Asks anew what it would cost, after a payment that failed for certain. */
    public fun retry()

    /** Looks at a record. */
    public fun openRecord(record: String)

    /** Goes back. A payment that was sent goes on. */
    public fun back()
}
