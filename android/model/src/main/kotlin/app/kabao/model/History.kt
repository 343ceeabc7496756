package app.kabao.model

/**
 * One line of the list.
 *
 * @property key differs from that of every other line.
 * @property record the record; null while there is no result.
 * @property payment the payment, when this phone started it and has no result.
 * @property title who, or the kind.
 * @property kind the kind in words.
 * @property state the state in words.
 * @property amount how much.
 * @property at when.
 */
public data class Line(
    public val key: String,
    public val record: String?,
    public val payment: String?,
    public val title: String,
    public val kind: String,
    public val state: String,
    public val amount: Amount,
    public val at: String,
)

/**
 * A page of the list, newest first.
 *
 * @property open payments without a result; only with the first page.
 * @property lines the records.
 * @property next gives the next page; null at the end.
 */
public data class Page(public val open: List<Line>, public val lines: List<Line>, public val next: String?)

/**
 * The sums of this month.
 *
 * @property spent what went out.
 * @property received what came in.
 */
public data class Month(public val spent: Amount, public val received: Amount)

/**
 * A signed receipt, checked on this phone.
 *
 * @property title what it proves of its holder, as a title.
 * @property verified whether the signature holds. One that does not is shown as such.
 * @property payeeLabel what that person or bank is: payee, or whom the money came from.
 * @property payee who was paid, or whom the money came from.
 * @property amount how much.
 * @property fee the fee on top.
 * @property source where the money came from.
 * @property at when.
 * @property arrives when a transfer that waits arrives; null for everything else.
 */
public data class Receipt(
    public val title: String,
    public val verified: Boolean,
    public val payeeLabel: String,
    public val payee: String,
    public val amount: Amount,
    public val fee: Amount,
    public val source: String,
    public val at: String,
    public val arrives: String?,
)

/**
 * One record with everything that is known of it.
 *
 * @property line its line in the list.
 * @property fee the fee.
 * @property route the way it took.
 * @property ourOrder our order number.
 * @property acquirerOrder the acquirer's.
 * @property merchantOrder the merchant's.
 * @property receipt the receipt; null when there is none.
 */
public data class Record(
    public val line: Line,
    public val fee: Amount,
    public val route: String,
    public val ourOrder: String,
    public val acquirerOrder: String?,
    public val merchantOrder: String?,
    public val receipt: Receipt?,
)

/**
 * The screen with the list, or with one record of it.
 *
 * @property month the sums of this month.
 * @property open payments without a result.
 * @property lines the records that were fetched.
 * @property next gives the next page; null at the end.
 * @property loaded whether the first page came: before that an empty list says nothing.
 * @property record the record that is looked at; null for the list.
 */
public data class HistoryScreenState(
    public val month: Month? = null,
    public val open: List<Line> = emptyList(),
    public val lines: List<Line> = emptyList(),
    public val next: String? = null,
    public val loaded: Boolean = false,
    public val record: Record? = null,
)

/** What a person does on the screen with the list. */
public interface HistoryActions {
    /** Fetches the next page. Asked for more than once, it is fetched once. */
    public fun more()

    /** Looks at a record. */
    public fun openRecord(record: String)

    /** Looks at a payment without a result. */
    public fun openPayment(id: String)

    /** Goes back. */
    public fun back()
}
