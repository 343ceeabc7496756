package app.kabao.screens

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.selection.selectable
import androidx.compose.foundation.selection.selectableGroup
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.RadioButton
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import app.kabao.model.CodeActions
import app.kabao.model.CodeScreenState
import app.kabao.model.Label
import app.kabao.model.PayerCode
import app.kabao.model.Showing
import app.kabao.model.Trouble

/** The payer code: the merchant scans it, the phone needs no network. */
@Composable
public fun CodeScreen(state: CodeScreenState, front: Front, actions: CodeActions) {
    Page(say(Label.SCREEN_SHOW_CODE), actions::back) {
        Message(front)
        state.asks.forEach { Asked(it, front.busy, actions::look, decline = null) }
        state.code?.let { Shown(it, state.left) }
        state.outcome?.let { Became(it, front.busy, actions) }
        if (state.chosen != null && !front.busy) Plain(say(Label.SCREEN_NEW_CODE), press = actions::newCode)
        Text(say(Label.SCREEN_WAYS), Modifier.semantics { heading() }, style = MaterialTheme.typography.titleMedium)
        Column(Modifier.selectableGroup()) {
            state.ways.forEach { way ->
                Choice(way.text, way.trouble, way.id == state.chosen, !front.busy) { actions.chooseWay(way.id) }
            }
        }
    }
}

@Composable
private fun Shown(code: PayerCode, left: String) {
    Column(Modifier.fillMaxWidth(), Arrangement.spacedBy(GAP), Alignment.CenterHorizontally) {
        BarsPicture(code.bars, say(Label.SCREEN_CODE_BARS))
        SquarePicture(code.square, say(Label.SCREEN_CODE_PICTURE))
        val digits = say(Label.SCREEN_CODE_DIGITS)
        Text(
            code.digits,
            Modifier.semantics { contentDescription = "$digits ${code.digits}" },
            textAlign = TextAlign.Center,
            style = MaterialTheme.typography.titleLarge,
        )
    }
    Named(say(Label.SCREEN_CODE_RENEWS), left)
    Faint(say(Label.SCREEN_CODE_CAP, "amount" to code.cap.text))
    Faint(say(Label.SCREEN_CODE_LEFT, "n" to code.left))
    if (!code.clockTrusted) Block(MaterialTheme.colorScheme.tertiaryContainer) { Text(say(Label.SCREEN_CLOCK_DOUBT)) }
}

@Composable
private fun Became(outcome: Showing, busy: Boolean, actions: CodeActions) {
    Block(MaterialTheme.colorScheme.primaryContainer, Modifier.semantics { liveRegion = LiveRegionMode.Assertive }) {
        Text(outcome.text, style = MaterialTheme.typography.titleLarge)
        outcome.record?.let { record ->
            Plain(say(Label.SCREEN_OPEN_DETAILS), !busy) { actions.openRecord(record) }
        }
    }
}

/** One of several that exclude each other, with the reason when it cannot be chosen. */
@Composable
internal fun Choice(text: String, trouble: Trouble?, chosen: Boolean, enabled: Boolean, choose: () -> Unit) {
    val usable = enabled && trouble == null
    Row(
        Modifier.fillMaxWidth().heightIn(min = FINGER)
            .selectable(chosen, enabled = usable, role = Role.RadioButton, onClick = choose),
        Arrangement.spacedBy(GAP),
        Alignment.CenterVertically,
    ) {
        RadioButton(chosen, onClick = null, enabled = usable)
        Column {
            val colour = if (trouble == null) Color.Unspecified else MaterialTheme.colorScheme.onSurfaceVariant
            Text(text, color = colour, style = MaterialTheme.typography.bodyLarge)
            trouble?.let { Faint(say(Label.SCREEN_NOT_USABLE, "why" to it.text)) }
        }
    }
}
