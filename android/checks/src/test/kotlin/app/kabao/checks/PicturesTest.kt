package app.kabao.checks

import android.graphics.Bitmap
import androidx.compose.ui.graphics.asAndroidBitmap
import androidx.compose.ui.test.captureToImage
import androidx.compose.ui.test.junit4.v2.createComposeRule
import androidx.compose.ui.test.onRoot
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.compose.runtime.key
import app.kabao.model.Tongue
import app.kabao.model.WalletModel
import app.kabao.model.WalletState
import app.kabao.model.Words
import app.kabao.screens.KabaoTheme
import app.kabao.screens.Screens
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import java.io.File

private const val PHONE = "w411dp-h891dp-xhdpi"

/** So high that nothing has to be scrolled: what is below the edge of a phone is looked at too. */
private const val WHOLE_PAGE = "w411dp-h2200dp-xhdpi"

private const val PHONE_AT_NIGHT = "w411dp-h891dp-night-xhdpi"

/**
 * Draws every screen with Android's own letters. `cargo xtask app pictures` keeps the pictures; without it the test only
 * holds that each screen draws something, in two colours at least.
 */
@RunWith(RobolectricTestRunner::class)
@Config(qualifiers = PHONE)
class PicturesTest {
    @get:Rule val screen = createComposeRule()

    private fun draw(kind: String, tongue: Tongue, dark: Boolean = false) {
        val samples = Samples(tongue)
        val words = Words(tongue)
        val model = WalletModel(FakeDoor(), words, CoroutineScope(Dispatchers.Unconfined))
        var shown by mutableStateOf(WalletState())
        screen.setContent {
            key(shown) { KabaoTheme(words, dark) { Screens(shown, model) } }
        }
        for ((name, state) in samples.all()) {
            shown = state
            screen.waitForIdle()
            val picture = screen.onRoot().captureToImage().asAndroidBitmap()
            assertTrue("$name is blank", colours(picture) > 1)
            keep(picture, "$name-$kind")
        }
    }

    private fun colours(picture: Bitmap): Int {
        val seen = HashSet<Int>()
        for (x in 0 until picture.width step 7) {
            for (y in 0 until picture.height step 7) seen += picture.getPixel(x, y)
        }
        return seen.size
    }

    private fun keep(picture: Bitmap, name: String) {
        val folder = System.getProperty("kabao.pictures")?.takeIf { it.isNotEmpty() } ?: return
        File(folder).mkdirs()
        File(folder, "$name.png").outputStream().use { picture.compress(Bitmap.CompressFormat.PNG, 100, it) }
    }

    @Test
    fun `in chinese`() = draw("zh", Tongue.CHINESE)

    @Test
    @Config(qualifiers = PHONE_AT_NIGHT)
    fun `in the dark`() = draw("zh-dark", Tongue.CHINESE, dark = true)

    @Test
    fun `in english`() = draw("en", Tongue.ENGLISH)

    @Test
    @Config(qualifiers = WHOLE_PAGE, fontScale = 2f)
    fun `with letters of twice the size`() = draw("zh-large", Tongue.CHINESE)

    @Test
    @Config(qualifiers = WHOLE_PAGE, fontScale = 2f)
    fun `in english with letters of twice the size`() = draw("en-large", Tongue.ENGLISH)
}
