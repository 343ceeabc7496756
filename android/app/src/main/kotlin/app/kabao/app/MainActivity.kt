package app.kabao.app

import android.os.Bundle
import android.view.WindowManager.LayoutParams.FLAG_SECURE
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.safeDrawingPadding
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.SideEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.produceState
import androidx.compose.ui.Modifier
import app.kabao.model.Label
import app.kabao.model.WalletModel
import app.kabao.model.Words
import app.kabao.screens.KabaoTheme
import app.kabao.screens.Screens
import java.lang.ref.WeakReference

/** The one window of the app. */
public class MainActivity : ComponentActivity() {
    private val app get() = application as KabaoApplication

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContent { KabaoTheme(app.words) { Box(Modifier.safeDrawingPadding()) { Front(app.words) } } }
    }

    override fun onResume() {
        super.onResume()
        app.front = WeakReference(this)
    }

    override fun onPause() {
        app.front = WeakReference(null)
        super.onPause()
    }

    override fun onStop() {
        app.left()
        super.onStop()
    }

    @Composable
    private fun Front(words: Words) {
        val started by produceState<Started?>(null) { value = app.started.await() }
        when (val now = started) {
            null -> Text(words[Label.SCREEN_WORKING])
            is Started.Not -> Column { now.lines.forEach { Text(it) } }
            is Started.Ready -> Open(now.model)
        }
    }

    @Composable
    private fun Open(model: WalletModel) {
        val state by model.state.collectAsState()
        // Before the code or the PIN field is drawn, not after.
        SideEffect { if (state.secure) window.addFlags(FLAG_SECURE) else window.clearFlags(FLAG_SECURE) }
        Screens(state, model)
    }
}
