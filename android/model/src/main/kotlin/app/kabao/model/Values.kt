package app.kabao.model

/**
 * An amount as the wallet says it. Nobody here knows the number.
 *
 * @property text as shown.
 * @property spoken as a screen reader says it.
 */
public data class Amount(public val text: String, public val spoken: String)

/**
 * What went wrong, in the wallet's words.
 *
 * @property code stable name, never shown.
 * @property text what happened.
 * @property next what to do now.
 */
public data class Trouble(public val code: String, public val text: String, public val next: String)

/** What a question to the wallet gave. */
public sealed interface Answer<out T> {
    /**
     * It gave a value.
     *
     * @property value the value.
     */
    public data class Given<out T>(public val value: T) : Answer<T>

    /**
     * It was refused.
     *
     * @property trouble why, and what to do.
     */
    public data class Refused(public val trouble: Trouble) : Answer<Nothing>
}

/** The languages of the wallet. */
public enum class Tongue { CHINESE, ENGLISH }

/**
 * The labels of the screens in one language. The sentences stand in the wallet's word files.
 *
 * @property tongue the language.
 */
public class Words(public val tongue: Tongue) {
    /** The label. */
    public operator fun get(label: Label): String =
        when (tongue) {
            Tongue.CHINESE -> label.chinese
            Tongue.ENGLISH -> label.english
        }

    /** The label with its places filled in. What is put in is not looked at again. */
    public fun say(label: Label, vararg arguments: Pair<String, String>): String {
        val known = mapOf(*arguments)
        return PLACE.replace(this[label]) { place -> known[place.groupValues[1]] ?: place.value }
    }

    private companion object {
        val PLACE = Regex("\\{([a-z_]+)\\}")
    }
}
