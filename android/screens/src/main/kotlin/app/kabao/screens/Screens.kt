package app.kabao.screens

import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.input.pointer.PointerEventPass
import androidx.compose.ui.input.pointer.pointerInput
import app.kabao.model.Actions
import app.kabao.model.Label
import app.kabao.model.Place
import app.kabao.model.Trouble
import app.kabao.model.WalletState

/** The screen that is in front. */
@Composable
public fun Screens(state: WalletState, actions: Actions) {
    Box(Modifier.fillMaxSize().touched(actions::touch)) {
        if (state.locked) {
            LockedScreen(state, actions::unlock)
            return@Box
        }
        val front = Front(state.busy, state.trouble, actions::dismiss)
        when (state.place) {
            Place.HOME -> HomeScreen(state.home, state.notice, front, actions.home)
            Place.CODE -> CodeScreen(state.code, front, actions.code)
            Place.CONFIRM -> ConfirmScreen(state.confirm, front, actions.confirm)
            Place.HISTORY -> HistoryScreen(state.history, front, actions.history)
        }
    }
}

/**
 * What every screen shows beside its own.
 *
 * @property busy a question is on its way.
 * @property trouble what went wrong last.
 * @property dismiss takes the message away.
 */
public class Front(public val busy: Boolean, public val trouble: Trouble?, public val dismiss: () -> Unit)

@Composable
internal fun Message(front: Front) {
    Working(front.busy)
    front.trouble?.let { Told(it, front.dismiss) }
}

/** Every touch counts as somebody who is there, whatever it meets. */
private fun Modifier.touched(touch: () -> Unit) =
    pointerInput(touch) {
        awaitPointerEventScope {
            while (true) {
                awaitPointerEvent(PointerEventPass.Initial)
                touch()
            }
        }
    }

/** Nothing of the wallet, and the way in. */
@Composable
internal fun LockedScreen(state: WalletState, unlock: () -> Unit) {
    Page(say(Label.SCREEN_HOME), back = null) {
        Text(say(Label.SCREEN_LOCKED))
        Working(state.busy)
        state.trouble?.let { Told(it) }
        Strong(say(Label.SCREEN_UNLOCK), !state.busy, press = unlock)
    }
}
