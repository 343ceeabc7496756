package app.kabao.screens

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Button
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.TextStyle
import androidx.compose.ui.unit.dp
import app.kabao.model.Amount
import app.kabao.model.Label
import app.kabao.model.Trouble

/** The least that a finger meets without aiming. */
internal val FINGER = 48.dp

internal val GAP = 12.dp

/** A screen that scrolls, so that nothing is cut off however large the letters are. */
@Composable
internal fun Page(title: String, back: (() -> Unit)?, content: @Composable ColumnScope.() -> Unit) {
    Column(
        Modifier.fillMaxSize().verticalScroll(rememberScrollState()).padding(GAP),
        Arrangement.spacedBy(GAP),
    ) {
        Top(title, back)
        content()
    }
}

@Composable
internal fun Top(title: String, back: (() -> Unit)?) {
    Column {
        if (back != null) Soft(say(Label.SCREEN_BACK), back)
        Text(title, Modifier.semantics { heading() }, style = MaterialTheme.typography.headlineSmall)
    }
}

/** An amount: read as it stands, spoken as the wallet says it. */
@Composable
internal fun Money(amount: Amount, style: TextStyle = MaterialTheme.typography.titleMedium, modifier: Modifier = Modifier) {
    Text(amount.text, modifier.semantics { contentDescription = amount.spoken }, style = style)
}

/** A label with what belongs to it. One below the other: beside each other they do not fit in large letters. */
@Composable
internal fun Named(label: String, value: @Composable () -> Unit) {
    Column(Modifier.fillMaxWidth().semantics(mergeDescendants = true) {}) {
        Faint(label)
        value()
    }
}

@Composable
internal fun Named(label: String, value: String) {
    Named(label) { Text(value, style = MaterialTheme.typography.bodyLarge) }
}

@Composable
internal fun Faint(text: String, modifier: Modifier = Modifier) {
    Text(text, modifier, MaterialTheme.colorScheme.onSurfaceVariant, style = MaterialTheme.typography.bodyMedium)
}

@Composable
internal fun Strong(text: String, enabled: Boolean = true, modifier: Modifier = Modifier.fillMaxWidth(), press: () -> Unit) {
    Button(press, modifier.heightIn(min = FINGER), enabled) { Text(text) }
}

@Composable
internal fun Plain(text: String, enabled: Boolean = true, modifier: Modifier = Modifier.fillMaxWidth(), press: () -> Unit) {
    OutlinedButton(press, modifier.heightIn(min = FINGER), enabled) { Text(text) }
}

@Composable
internal fun Soft(text: String, press: () -> Unit) {
    TextButton(press, Modifier.heightIn(min = FINGER)) { Text(text) }
}

/** A block that stands out from the page. */
@Composable
internal fun Block(
    colour: Color = MaterialTheme.colorScheme.secondaryContainer,
    modifier: Modifier = Modifier,
    content: @Composable ColumnScope.() -> Unit,
) {
    Surface(modifier.fillMaxWidth(), RoundedCornerShape(GAP), colour) {
        Column(Modifier.padding(GAP), Arrangement.spacedBy(GAP), content = content)
    }
}

/** What happened and what to do now, read out as soon as it is there. */
@Composable
internal fun Told(trouble: Trouble, dismiss: (() -> Unit)? = null) {
    Block(MaterialTheme.colorScheme.errorContainer, Modifier.semantics { liveRegion = LiveRegionMode.Assertive }) {
        Text(trouble.text, style = MaterialTheme.typography.titleMedium)
        Text(trouble.next, style = MaterialTheme.typography.bodyMedium)
        if (dismiss != null) Soft(say(Label.SCREEN_DISMISS), dismiss)
    }
}

/** A question is on its way. */
@Composable
internal fun Working(busy: Boolean) {
    if (!busy) return
    val text = say(Label.SCREEN_WORKING)
    LinearProgressIndicator(
        Modifier.fillMaxWidth().semantics {
            contentDescription = text
            liveRegion = LiveRegionMode.Polite
        },
    )
}

/** Buttons side by side as long as they fit. */
@Composable
internal fun Beside(content: @Composable () -> Unit) {
    FlowRow(horizontalArrangement = Arrangement.spacedBy(GAP), verticalArrangement = Arrangement.spacedBy(GAP)) { content() }
}

/** At both edges as long as they fit beside each other, else one below the other. */
@Composable
internal fun Apart(content: @Composable () -> Unit) {
    FlowRow(Modifier.fillMaxWidth(), Arrangement.SpaceBetween) { content() }
}
