package app.kabao.kit

import app.kabao.base.Failure
import app.kabao.base.Language
import app.kabao.core.explainFailure
import app.kabao.core.onboardingWords
import app.kabao.core.showingWords
import app.kabao.money.MerchantState
import app.kabao.money.OnboardingStep
import app.kabao.wallet.Explanation
import app.kabao.wallet.StepWords
import app.kabao.wallet.WalletException

/** What happened, whether money may have moved, who acts and what to do next. */
public val WalletException.failure: Failure
    get() =
        when (this) {
            is WalletException.Failed -> failure
        }

/** What to tell a person about this failure, and what to do next. */
public fun Failure.explain(language: Language): Explanation = explainFailure(language, this)

/** Heading and reason of this step of the set-up. */
public fun OnboardingStep.words(language: Language): StepWords = onboardingWords(language, this)

/** What became of a payer code that was shown, in words. */
public fun MerchantState.words(language: Language): String = showingWords(language, this)

/** What a call gave: its value, or why there is none. */
public sealed interface Outcome<out T> {
    /**
     * The call gave a value.
     *
     * @property value the value.
     */
    public data class Given<out T>(public val value: T) : Outcome<T>

    /**
     * The call gave a failure.
     *
     * @property failure the whole story.
     */
    public data class Refused(public val failure: Failure) : Outcome<Nothing>
}

/** Runs a call of the wallet and gives its failure as a value. Anything else that is thrown, cancelling too, goes on. */
public suspend fun <T> outcome(call: suspend () -> T): Outcome<T> =
    try {
        Outcome.Given(call())
    } catch (refused: WalletException) {
        Outcome.Refused(refused.failure)
    }
