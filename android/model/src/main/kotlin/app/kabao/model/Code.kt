package app.kabao.model

import java.time.Instant

/**
 * A way to pay at a till.
 *
 * @property id names it.
 * @property text its name.
 * @property trouble why it cannot be used; null when it can.
 */
public data class Way(public val id: String, public val text: String, public val trouble: Trouble?)

/**
 * A square picture.
 *
 * @property size cells in a row, and rows.
 * @property cells row by row from the top left; true is dark.
 */
public data class Square(public val size: Int, public val cells: List<Boolean>)

/**
 * A payer code as it is drawn.
 *
 * @property showing names this showing.
 * @property way the way that was chosen.
 * @property digits the digits in groups, to be read out.
 * @property square the same digits as a square picture.
 * @property bars the same digits as bars: widths of bar, space, bar and so on.
 * @property drawAgainAt when the picture has to be drawn anew.
 * @property cap the most that a merchant may take without asking.
 * @property clockTrusted whether the phone's time was checked.
 * @property left how many more can be shown without a network.
 */
public data class PayerCode(
    public val showing: String,
    public val way: String,
    public val digits: String,
    public val square: Square,
    public val bars: List<Int>,
    public val drawAgainAt: Instant,
    public val cap: Amount,
    public val clockTrusted: Boolean,
    public val left: String,
) {
    /** A code pays: it goes into no log. */
    override fun toString(): String = "PayerCode($showing)"
}

/**
 * What became of a payer code.
 *
 * @property text in words.
 * @property over whether the code is used up.
 * @property record the record of the history, once there is one.
 */
public data class Showing(public val text: String, public val over: Boolean, public val record: String?)

/**
 * The screen with the payer code.
 *
 * @property ways the ways to pay, in the order to show.
 * @property chosen the way whose code is shown.
 * @property code the code; null before it is there, and when it is used up.
 * @property left the time until the picture is drawn anew, in words.
 * @property outcome what became of the code; null while nothing did.
 * @property asks merchants that wait for an answer.
 */
public data class CodeScreenState(
    public val ways: List<Way> = emptyList(),
    public val chosen: String? = null,
    public val code: PayerCode? = null,
    public val left: String = "",
    public val outcome: Showing? = null,
    public val asks: List<Ask> = emptyList(),
)

/** What a person does on the screen with the payer code. */
public interface CodeActions {
    /** Takes another way to pay. */
    public fun chooseWay(way: String)

    /** Shows another code. */
    public fun newCode()

    /** Looks at what a merchant asks for. */
    public fun look(ask: String)

    /** Looks at a record. */
    public fun openRecord(record: String)

    /** Goes back. */
    public fun back()
}
