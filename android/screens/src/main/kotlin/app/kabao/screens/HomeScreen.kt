package app.kabao.screens

import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.semantics
import app.kabao.model.Ask
import app.kabao.model.Event
import app.kabao.model.Home
import app.kabao.model.HomeActions
import app.kabao.model.Label
import app.kabao.model.Payment
import app.kabao.model.Trouble

/** The first screen: what there is, what waits, and where to go. */
@Composable
public fun HomeScreen(home: Home, notice: Event.Notice?, front: Front, actions: HomeActions) {
    Page(say(Label.SCREEN_HOME), back = null) {
        Message(front)
        notice?.let { Noticed(it, front.dismiss) }
        home.step?.let {
            Block(MaterialTheme.colorScheme.tertiaryContainer) {
                Faint(say(Label.SCREEN_NEXT_STEP))
                Text(it.title, style = MaterialTheme.typography.titleMedium)
                Text(it.why)
            }
        }
        home.asks.forEach { Asked(it, front.busy, actions::look, actions::decline) }
        if (home.open.isNotEmpty()) UnderWay(home.open, front.busy, actions::openPayment)
        // Before there is an account there is nothing to pay with and nothing to look at.
        if (!home.account) return@Page
        Balance(home)
        // Who has a step to go is led by that step: what it brings is missing for no other reason.
        if (home.step == null && home.ready.lacks.isNotEmpty()) Lacking(home.ready.lacks)
        home.ready.offer?.let { Faint(it) }
        Strong(say(Label.SCREEN_SHOW_CODE), !front.busy, press = actions::openCode)
        Scan(front.busy, actions::scan)
        Beside {
            if (home.cards.isNotEmpty()) Plain(say(Label.SCREEN_TOP_UP), !front.busy, Modifier, actions::topUp)
            Plain(say(Label.SCREEN_HISTORY), !front.busy, Modifier, actions::openHistory)
            Plain(say(Label.SCREEN_REFRESH), !front.busy, Modifier, actions::refresh)
        }
    }
}

@Composable
private fun Balance(home: Home) {
    Block(MaterialTheme.colorScheme.primaryContainer) {
        val balance = home.balance
        if (balance == null) {
            Text(say(Label.SCREEN_BALANCE_ABSENT))
        } else {
            Named(say(Label.SCREEN_BALANCE)) { Money(balance, MaterialTheme.typography.displaySmall) }
        }
        home.balanceAge?.let { Faint(it) }
        home.phone?.let { Named(say(Label.SCREEN_PHONE), it) }
    }
}

@Composable
private fun Lacking(lacks: List<Trouble>) {
    Block(MaterialTheme.colorScheme.tertiaryContainer) {
        Faint(say(Label.SCREEN_NOT_READY))
        lacks.forEach {
            Column(Modifier.fillMaxWidth()) {
                Text(it.text, style = MaterialTheme.typography.titleMedium)
                Text(it.next)
            }
        }
    }
}

@Composable
private fun Noticed(notice: Event.Notice, dismiss: () -> Unit) {
    Block(modifier = Modifier.semantics { liveRegion = LiveRegionMode.Polite }) {
        Text(notice.title, style = MaterialTheme.typography.titleMedium)
        Text(notice.body)
        Soft(say(Label.SCREEN_DISMISS), dismiss)
    }
}

/** A merchant waits for an answer. */
@Composable
internal fun Asked(ask: Ask, busy: Boolean, look: (String) -> Unit, decline: ((String) -> Unit)?) {
    Block(MaterialTheme.colorScheme.tertiaryContainer, Modifier.semantics { liveRegion = LiveRegionMode.Polite }) {
        Faint(say(Label.SCREEN_ASKS))
        Text(say(Label.SCREEN_ASK_LINE, "payee" to ask.payee, "amount" to ask.amount.text))
        Beside {
            Strong(say(Label.SCREEN_LOOK), !busy, Modifier) { look(ask.id) }
            if (decline != null) Plain(say(Label.SCREEN_DECLINE), !busy, Modifier) { decline(ask.id) }
        }
    }
}

@Composable
private fun UnderWay(open: List<Payment>, busy: Boolean, look: (String) -> Unit) {
    Block(MaterialTheme.colorScheme.tertiaryContainer) {
        Text(say(Label.SCREEN_UNDER_WAY), Modifier.semantics { heading() }, style = MaterialTheme.typography.titleMedium)
        open.forEach { payment ->
            Column(Modifier.fillMaxWidth()) {
                payment.payee?.let { Text(it) }
                Money(payment.amount)
                Text(payment.state)
                payment.trouble?.let { Faint(it.text) }
                Plain(say(Label.SCREEN_OPEN_DETAILS), !busy, Modifier) { look(payment.id) }
            }
        }
    }
}

/** The content of a merchant's code. The camera of the phone writes it here. */
@Composable
private fun Scan(busy: Boolean, scan: (String) -> Unit) {
    var text by rememberSaveable { mutableStateOf("") }
    Block {
        OutlinedTextField(
            text,
            { text = it },
            Modifier.fillMaxWidth(),
            label = { Text(say(Label.SCREEN_SCAN_FIELD)) },
            singleLine = true,
        )
        Plain(say(Label.SCREEN_SCAN), !busy) { scan(text) }
    }
}
