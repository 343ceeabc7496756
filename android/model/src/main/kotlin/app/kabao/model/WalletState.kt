package app.kabao.model

/** Which screen is in front. */
public enum class Place { HOME, CODE, CONFIRM, HISTORY }

/**
 * Everything that the screens show.
 *
 * @property place which screen is in front.
 * @property locked the wallet is locked: nothing of it is shown.
 * @property busy a question is on its way; buttons that ask the wallet wait.
 * @property trouble what went wrong last.
 * @property notice a sentence for the person.
 */
public data class WalletState(
    public val place: Place = Place.HOME,
    public val locked: Boolean = false,
    public val busy: Boolean = false,
    public val trouble: Trouble? = null,
    public val notice: Event.Notice? = null,
    public val home: Home = Home(),
    public val code: CodeScreenState = CodeScreenState(),
    public val confirm: Confirm? = null,
    public val history: HistoryScreenState = HistoryScreenState(),
) {
    /** Whether the system must keep this screen out of pictures and of the list of recent apps. */
    public val secure: Boolean
        get() = place == Place.CODE || (place == Place.CONFIRM && confirm is Confirm.Review)
}

/** What a person does on every screen. */
public interface CommonActions {
    /** Takes the message away. */
    public fun dismiss()

    /** Opens the locked wallet. */
    public fun unlock()

    /** A finger touched the screen. */
    public fun touch()
}

/** What a person does, screen by screen. */
public interface Actions : CommonActions {
    /** On the first screen. */
    public val home: HomeActions

    /** On the payer code. */
    public val code: CodeActions

    /** Where a payment is confirmed. */
    public val confirm: ConfirmActions

    /** In the list. */
    public val history: HistoryActions
}
