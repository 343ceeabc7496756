package app.kabao.kit

import app.kabao.core.uniffiEnsureInitialized

/**
 * The native library cannot be used. Nothing of the wallet was touched. A new installation of the app is the remedy.
 */
public sealed class LibraryException(text: String, cause: Throwable) : IllegalStateException(text, cause) {
    /** It was not found, or not for this processor. */
    public class Missing internal constructor(cause: Throwable) : LibraryException("the library of the wallet is missing", cause)

    /** It is of another version than these packages: both have to be built from the same commit. */
    public class OtherVersion internal constructor(cause: Throwable) :
        LibraryException("the library of the wallet is of another version", cause)
}

/** Whether the library was missing at the first try: later ones find only that a class is gone. */
@Volatile private var missing: Boolean? = null

/** Runs what needs the library, and names what is wrong with that. */
internal suspend fun <T> withLibrary(call: suspend () -> T): T =
    try {
        // The generated code compares versions here and nowhere else.
        uniffiEnsureInitialized()
        call()
    } catch (unusable: LinkageError) {
        val gone = missing ?: isMissing(unusable).also { missing = it }
        throw if (gone) LibraryException.Missing(unusable) else LibraryException.OtherVersion(unusable)
    }

/** A function that cannot be found is one of another version; a library that cannot be found is none. */
private fun isMissing(unusable: LinkageError): Boolean {
    val causes = generateSequence<Throwable>(unusable) { it.cause }.take(8)
    return causes.filterIsInstance<UnsatisfiedLinkError>().any { "looking up function" !in it.message.orEmpty() }
}
