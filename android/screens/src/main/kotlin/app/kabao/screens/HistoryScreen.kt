package app.kabao.screens

import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.PaddingValues
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.lazy.LazyColumn
import androidx.compose.foundation.lazy.itemsIndexed
import androidx.compose.foundation.lazy.items
import androidx.compose.material3.HorizontalDivider
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.onClick
import androidx.compose.ui.semantics.role
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.semantics.text
import androidx.compose.ui.text.AnnotatedString
import app.kabao.model.HistoryActions
import app.kabao.model.HistoryScreenState
import app.kabao.model.Label
import app.kabao.model.Line
import app.kabao.model.Month
import app.kabao.model.Record

/** What happened, newest first; or one record of it. */
@Composable
public fun HistoryScreen(state: HistoryScreenState, front: Front, actions: HistoryActions) {
    val record = state.record
    if (record != null) {
        Page(say(Label.SCREEN_RECORD), actions::back) {
            Message(front)
            Details(record)
        }
        return
    }
    LazyColumn(Modifier.fillMaxSize(), contentPadding = PaddingValues(GAP), verticalArrangement = Arrangement.spacedBy(GAP)) {
        item(key = "top") { Top(say(Label.SCREEN_HISTORY), actions::back) }
        item(key = "message") { Message(front) }
        state.month?.let { month -> item(key = "month") { Sums(month) } }
        if (state.open.isNotEmpty()) {
            item(key = "open") {
                Text(say(Label.SCREEN_UNDER_WAY), Modifier.semantics { heading() }, style = MaterialTheme.typography.titleMedium)
            }
            items(state.open, key = { "open ${it.key}" }) { line -> Row(line) { line.payment?.let(actions::openPayment) } }
        }
        if (state.loaded && state.lines.isEmpty()) item(key = "none") { Text(say(Label.SCREEN_NO_RECORDS)) }
        itemsIndexed(state.lines, key = { _, line -> line.key }) { at, line ->
            Row(line) { line.record?.let(actions::openRecord) }
            // The last line that is there comes into sight: fetch what follows.
            if (at == state.lines.lastIndex && state.next != null) LaunchedEffect(line.key) { actions.more() }
        }
    }
}

@Composable
private fun Sums(month: Month) {
    Block(MaterialTheme.colorScheme.primaryContainer) {
        Named(say(Label.SCREEN_MONTH_SPENT)) { Money(month.spent) }
        Named(say(Label.SCREEN_MONTH_RECEIVED)) { Money(month.received) }
    }
}

/** One line, read out as one sentence. */
@Composable
private fun Row(line: Line, open: () -> Unit) {
    val sentence =
        say(
            Label.SCREEN_LINE_OF,
            "title" to line.title,
            "kind" to line.kind,
            "amount" to line.amount.spoken,
            "state" to line.state,
            "at" to line.at,
        )
    Column(
        Modifier.fillMaxWidth().heightIn(min = FINGER).clickable(onClick = open).clearAndSetSemantics {
            contentDescription = sentence
            text = AnnotatedString(line.amount.text)
            role = Role.Button
            onClick {
                open()
                true
            }
        },
    ) {
        Apart {
            Text(line.title, style = MaterialTheme.typography.titleMedium)
            Text(line.amount.text, style = MaterialTheme.typography.titleMedium)
        }
        Apart {
            Faint(line.state)
            Faint(line.at)
        }
        HorizontalDivider(Modifier.padding(top = GAP))
    }
}

@Composable
private fun Details(record: Record) {
    Block(MaterialTheme.colorScheme.primaryContainer) {
        Text(record.line.title, style = MaterialTheme.typography.titleLarge)
        Money(record.line.amount, MaterialTheme.typography.displaySmall)
        Text(record.line.kind)
        Text(record.line.state)
    }
    Named(say(Label.RECEIPT_TIME), record.line.at)
    Named(say(Label.RECEIPT_FEE)) { Money(record.fee) }
    Named(say(Label.RECEIPT_ROUTE), record.route)
    Named(say(Label.RECEIPT_OUR_ORDER), record.ourOrder)
    record.acquirerOrder?.let { Named(say(Label.RECEIPT_ACQUIRER_ORDER), it) }
    record.merchantOrder?.let { Named(say(Label.RECEIPT_MERCHANT_ORDER), it) }
    record.receipt?.let { receipt ->
        Block {
            Text(receipt.title, Modifier.semantics { heading() }, style = MaterialTheme.typography.titleMedium)
            Text(say(if (receipt.verified) Label.RECEIPT_VERIFIED else Label.RECEIPT_NOT_VERIFIED))
            Named(receipt.payeeLabel, receipt.payee)
            Named(say(Label.RECEIPT_AMOUNT)) { Money(receipt.amount) }
            Named(say(Label.RECEIPT_SOURCE), receipt.source)
            Named(say(Label.RECEIPT_TIME), receipt.at)
            receipt.arrives?.let { Named(say(Label.RECEIPT_ARRIVES), it) }
        }
    }
}
