package app.kabao.screens

import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.selection.selectableGroup
import androidx.compose.foundation.text.KeyboardOptions
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.input.KeyboardType
import androidx.compose.ui.text.input.PasswordVisualTransformation
import app.kabao.model.Certainty
import app.kabao.model.Confirm
import app.kabao.model.ConfirmActions
import app.kabao.model.Label
import app.kabao.model.Payment
import app.kabao.model.Proof
import app.kabao.model.Quote

/** How much, then what is agreed to, then its result. */
@Composable
public fun ConfirmScreen(confirm: Confirm?, front: Front, actions: ConfirmActions) {
    when (confirm) {
        is Confirm.Entry -> Page(say(if (confirm.scanned == null) Label.SCREEN_TOP_UP else Label.SCREEN_SCAN), actions::back) {
            Message(front)
            Entered(confirm, front, actions)
        }
        is Confirm.Review -> Page(say(Label.SCREEN_PAY), actions::back) {
            Reviewed(confirm, front, actions)
        }
        is Confirm.Result -> Page(say(Label.SCREEN_RESULT), actions::back) {
            Message(front)
            Resulted(confirm, front, actions)
        }
        null -> Page(say(Label.SCREEN_RESULT), actions::back) { Message(front) }
    }
}

@Composable
private fun Entered(entry: Confirm.Entry, front: Front, actions: ConfirmActions) {
    entry.scanned?.let { scanned ->
        scanned.name?.let { Text(it, style = MaterialTheme.typography.titleLarge) }
        scanned.warnings.forEach { Block(MaterialTheme.colorScheme.errorContainer) { Text(it) } }
        scanned.lines.forEach { Faint(it) }
        scanned.trouble?.let { Told(it) }
    }
    if (entry.scanned?.trouble != null) return
    if (entry.scanned == null) {
        Column(Modifier.selectableGroup()) {
            entry.cards.forEach { card ->
                Choice(card.text, card.trouble, card.id == entry.card, !front.busy) { actions.chooseCard(card.id) }
            }
        }
    }
    var amount by rememberSaveable { mutableStateOf("") }
    OutlinedTextField(
        amount,
        { amount = it },
        Modifier.fillMaxWidth(),
        label = { Text(say(Label.SCREEN_AMOUNT_FIELD)) },
        isError = front.trouble != null,
        keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.Decimal),
        singleLine = true,
    )
    Strong(say(Label.SCREEN_GO_ON), !front.busy) { actions.quote(amount) }
}

@Composable
private fun Reviewed(review: Confirm.Review, front: Front, actions: ConfirmActions) {
    Agreed(review.quote)
    Text(say(Label.SCREEN_PAY_FROM), Modifier.semantics { heading() }, style = MaterialTheme.typography.titleMedium)
    Column(Modifier.selectableGroup()) {
        review.quote.sources.forEach { source ->
            Choice(source.text, source.trouble, source.id == review.source, !front.busy) { actions.choose(source.id) }
        }
    }
    // The PIN lives as long as this screen, and is not saved with it.
    var pin by remember { mutableStateOf("") }
    OutlinedTextField(
        pin,
        { pin = it },
        Modifier.fillMaxWidth(),
        label = { Text(say(Label.SCREEN_PIN)) },
        visualTransformation = PasswordVisualTransformation(),
        keyboardOptions = KeyboardOptions(keyboardType = KeyboardType.NumberPassword),
        singleLine = true,
    )
    Message(front)
    val ready = !front.busy && review.source != null
    val withPin = {
        val proof = Proof.Pin(pin)
        pin = ""
        actions.pay(proof, again = review.repeated)
    }
    if (review.repeated) {
        Strong(say(Label.SCREEN_PAY_AGAIN), ready, press = withPin)
    } else {
        Strong(say(Label.SCREEN_PAY_WITH_PIN), ready, press = withPin)
        Plain(say(Label.SCREEN_PAY_WITH_FACE), ready) { actions.pay(Proof.Approval, again = false) }
    }
}

@Composable
private fun Agreed(quote: Quote) {
    Block(MaterialTheme.colorScheme.primaryContainer) {
        Text(quote.payee ?: say(Label.SCREEN_TO_BALANCE), style = MaterialTheme.typography.titleLarge)
        Named(say(Label.SCREEN_TOTAL)) { Money(quote.total, MaterialTheme.typography.displaySmall) }
        Named(say(Label.RECEIPT_AMOUNT)) { Money(quote.amount) }
        Named(say(Label.RECEIPT_FEE)) { Money(quote.fee) }
    }
    quote.warning?.let { Told(it) }
}

@Composable
private fun Resulted(result: Confirm.Result, front: Front, actions: ConfirmActions) {
    val payment = result.payment
    Block(tint(payment), Modifier.semantics { liveRegion = LiveRegionMode.Assertive }) {
        Text(payment.state, style = MaterialTheme.typography.headlineSmall)
        Money(payment.amount, MaterialTheme.typography.displaySmall)
        Text(payment.payee ?: say(Label.SCREEN_TO_BALANCE))
    }
    payment.trouble?.let { Told(it) }
    if (payment.stages.isNotEmpty()) {
        Named(say(Label.SCREEN_STAGES)) { Column { payment.stages.forEach { Text(it) } } }
    }
    when (payment.certainty) {
        // No button here pays: while nobody knows how it ended, only asking is safe.
        Certainty.OPEN -> Plain(say(Label.SCREEN_ASK_RESULT), !front.busy, press = actions::askResult)
        Certainty.PAID -> payment.record?.let { record ->
            Plain(say(Label.SCREEN_OPEN_DETAILS), !front.busy) { actions.openRecord(record) }
        }
        Certainty.NOT_PAID -> if (payment.mayPayAgain && result.purchase != null) {
            Plain(say(Label.SCREEN_TRY_AGAIN), !front.busy, press = actions::retry)
        }
    }
    Strong(say(Label.SCREEN_DONE), press = actions::back)
}

@Composable
private fun tint(payment: Payment) =
    when (payment.certainty) {
        Certainty.OPEN -> MaterialTheme.colorScheme.tertiaryContainer
        Certainty.PAID -> MaterialTheme.colorScheme.primaryContainer
        Certainty.NOT_PAID -> MaterialTheme.colorScheme.secondaryContainer
    }
