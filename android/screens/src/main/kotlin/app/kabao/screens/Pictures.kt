package app.kabao.screens

import androidx.compose.foundation.Canvas
import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.aspectRatio
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.height
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.widthIn
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.drawscope.DrawScope
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.role
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import app.kabao.model.Square
import kotlin.math.floor

/** Dark on light in every theme: scanners read nothing else. Around it the four cells that the standard asks for. */
private const val QUIET = 4

private const val QUIET_BARS = 10

private fun Modifier.picture(description: String) =
    background(Color.White).semantics {
        contentDescription = description
        role = Role.Image
    }

/** A square picture in whole dots, so that no edge is grey. */
@Composable
internal fun SquarePicture(square: Square, description: String, modifier: Modifier = Modifier) {
    Box(modifier.widthIn(max = 360.dp).fillMaxWidth().aspectRatio(1f).picture(description)) {
        Canvas(Modifier.matchParentSize()) {
            val dot = floor(size.width / (square.size + 2 * QUIET))
            val edge = floor((size.width - dot * square.size) / 2)
            square.cells.forEachIndexed { at, dark ->
                if (dark) dark(edge + at % square.size * dot, edge + at / square.size * dot, dot, dot)
            }
        }
    }
}

/** Bars over the whole width, in whole dots where there are enough of them. */
@Composable
internal fun BarsPicture(widths: List<Int>, description: String, modifier: Modifier = Modifier) {
    Box(modifier.fillMaxWidth().height(96.dp).picture(description)) {
        Canvas(Modifier.matchParentSize().padding(vertical = 8.dp)) {
            val exact = size.width / (widths.sum() + 2 * QUIET_BARS)
            val dot = if (exact < 1) exact else floor(exact)
            var left = floor((size.width - dot * widths.sum()) / 2)
            widths.forEachIndexed { at, width ->
                if (at % 2 == 0) dark(left, 0f, dot * width, size.height)
                left += dot * width
            }
        }
    }
}

private fun DrawScope.dark(left: Float, top: Float, width: Float, height: Float) =
    drawRect(Color.Black, Offset(left, top), Size(width, height))
