package app.kabao.screens

import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.material3.Typography
import androidx.compose.material3.darkColorScheme
import androidx.compose.material3.lightColorScheme
import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.ProvidableCompositionLocal
import androidx.compose.runtime.ReadOnlyComposable
import androidx.compose.runtime.staticCompositionLocalOf
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.text.TextStyle
import androidx.compose.ui.text.font.FontFamily
import app.kabao.model.Label
import app.kabao.model.Tongue
import app.kabao.model.Words

private val light =
    lightColorScheme(
        primary = Color(0xFF0B5D4A),
        onPrimary = Color.White,
        primaryContainer = Color(0xFFCFEDE2),
        onPrimaryContainer = Color(0xFF00201A),
        secondaryContainer = Color(0xFFE3E8E5),
        onSecondaryContainer = Color(0xFF17201D),
        tertiaryContainer = Color(0xFFFFE3B8),
        onTertiaryContainer = Color(0xFF2B1700),
        background = Color(0xFFF7FAF8),
        onBackground = Color(0xFF17201D),
        surface = Color(0xFFF7FAF8),
        onSurface = Color(0xFF17201D),
        onSurfaceVariant = Color(0xFF46504C),
        errorContainer = Color(0xFFFFDAD5),
        onErrorContainer = Color(0xFF410001),
    )

private val dark =
    darkColorScheme(
        primary = Color(0xFF7FD6BC),
        onPrimary = Color(0xFF00382C),
        primaryContainer = Color(0xFF0A4638),
        onPrimaryContainer = Color(0xFFCFEDE2),
        secondaryContainer = Color(0xFF2A332F),
        onSecondaryContainer = Color(0xFFE0E6E2),
        tertiaryContainer = Color(0xFF5A3F00),
        onTertiaryContainer = Color(0xFFFFE3B8),
        background = Color(0xFF101513),
        onBackground = Color(0xFFE0E6E2),
        surface = Color(0xFF101513),
        onSurface = Color(0xFFE0E6E2),
        onSurfaceVariant = Color(0xFFB4BEB9),
        errorContainer = Color(0xFF7A1C12),
        onErrorContainer = Color(0xFFFFDAD5),
    )

private val words: ProvidableCompositionLocal<Words> = staticCompositionLocalOf { Words(Tongue.CHINESE) }

/** The labels in the person's language. */
@Composable
@ReadOnlyComposable
internal fun say(label: Label, vararg arguments: Pair<String, String>): String = words.current.say(label, *arguments)

private fun Typography.written(family: FontFamily?): Typography {
    fun TextStyle.with() = if (family == null) this else copy(fontFamily = family)
    return copy(
        displaySmall = displaySmall.with(),
        headlineSmall = headlineSmall.with(),
        titleLarge = titleLarge.with(),
        titleMedium = titleMedium.with(),
        bodyLarge = bodyLarge.with(),
        bodyMedium = bodyMedium.with(),
        bodySmall = bodySmall.with(),
        labelLarge = labelLarge.with(),
    )
}

/**
 * Colours, letters and language of the screens.
 *
 * @param family the letters where the system has no right ones for Chinese by itself.
 */
@Composable
public fun KabaoTheme(
    language: Words,
    darkColours: Boolean = isSystemInDarkTheme(),
    family: FontFamily? = null,
    content: @Composable () -> Unit,
) {
    CompositionLocalProvider(words provides language) {
        MaterialTheme(if (darkColours) dark else light, typography = MaterialTheme.typography.written(family)) {
            Surface(content = content)
        }
    }
}
