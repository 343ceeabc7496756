package app.kabao.desktop

import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.ExperimentalComposeUiApi
import androidx.compose.ui.ImageComposeScene
import androidx.compose.ui.text.ExperimentalTextApi
import androidx.compose.ui.text.font.FontFamily
import androidx.compose.ui.text.platform.SystemFont
import androidx.compose.ui.unit.Density
import androidx.compose.ui.unit.DpSize
import androidx.compose.ui.unit.dp
import androidx.compose.ui.window.Window
import androidx.compose.ui.window.application
import androidx.compose.ui.window.rememberWindowState
import app.kabao.base.Language
import app.kabao.bridge.KitDoor
import app.kabao.kit.ReferenceService
import app.kabao.kit.Wallet
import app.kabao.kit.device
import app.kabao.model.Label
import app.kabao.model.Tongue
import app.kabao.model.WalletModel
import app.kabao.model.Words
import app.kabao.screens.KabaoTheme
import app.kabao.screens.Screens
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.jetbrains.skia.EncodedImageFormat
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.ExperimentalPathApi
import kotlin.io.path.createParentDirectories
import kotlin.io.path.deleteRecursively
import kotlin.io.path.writeBytes

/** Latin letters come first where the system chooses by itself; these draw Chinese in its own forms. */
@OptIn(ExperimentalTextApi::class)
private val letters = FontFamily(SystemFont("Noto Sans CJK SC"))

@Composable
private fun Shown(model: WalletModel, words: Words) {
    val state by model.state.collectAsState()
    KabaoTheme(words, family = letters) { Screens(state, model) }
}

/**
 * The screens in a window, with the real wallet behind them and a reference service of their own. Keys are kept in memory:
 * when the window closes, the wallet is gone.
 *
 * `en` speaks English; `--picture FILE` draws the first screen into a file and needs no display.
 */
@OptIn(ExperimentalPathApi::class)
fun main(args: Array<String>) {
    val english = "en" in args
    val picture = args.dropWhile { it != "--picture" }.drop(1).firstOrNull()
    val folder = Files.createTempDirectory("kabao-desktop")
    try {
        ReferenceService.start().use { service ->
            val language = if (english) Language.EN else Language.ZH_CN
            val settings = service.file.settings(folder, if (english) "en" else "zh-CN")
            runBlocking { Wallet.open(settings, device()) }.use { wallet ->
                runBlocking { SamplePerson(service, wallet).moveIn() }
                val words = Words(if (english) Tongue.ENGLISH else Tongue.CHINESE)
                val scope = CoroutineScope(Dispatchers.Default)
                val model = WalletModel(KitDoor(wallet, language), words, scope).apply { start() }
                if (picture == null) window(model, words) else draw(model, words, Path.of(picture))
                scope.cancel()
                runBlocking { wallet.shutDown() }
            }
        }
    } finally {
        folder.deleteRecursively()
    }
}

private fun window(model: WalletModel, words: Words) =
    application(exitProcessOnExit = false) {
        Window(::exitApplication, rememberWindowState(size = DpSize(411.dp, 891.dp)), title = words[Label.SCREEN_HOME]) {
            Shown(model, words)
        }
    }

@OptIn(ExperimentalComposeUiApi::class)
private fun draw(model: WalletModel, words: Words, file: Path) {
    runBlocking { withTimeout(60_000) { model.state.first { it.home.balance != null } } }
    val scene = ImageComposeScene(822, 1782, Density(2f)) { Shown(model, words) }
    try {
        // The first frame lays out; what arrives from the wallet's threads is in the second.
        scene.render(0)
        val image = scene.render(100_000_000)
        val png = checkNotNull(image.encodeToData(EncodedImageFormat.PNG)) { "no picture" }
        file.createParentDirectories().writeBytes(png.bytes)
        println("$file: ${image.width} x ${image.height}")
    } finally {
        scene.close()
    }
}
