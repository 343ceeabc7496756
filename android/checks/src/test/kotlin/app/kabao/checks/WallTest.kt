package app.kabao.checks

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.File

/** What the screens' sources may hold. The build refuses the wallet itself; this refuses what belongs to it. */
class WallTest {
    private val sources =
        File(System.getProperty("kabao.root"), "android/screens/src/main/kotlin").walkTopDown().filter { it.extension == "kt" }.toList()

    private fun lines() =
        sources.flatMap { file -> file.readLines().filterNot { it.trim().startsWith("*") || it.trim().startsWith("/*") || it.trim().startsWith("//") }.map { file.name to it } }

    private fun found(rule: Regex, but: String? = null) =
        lines().filter { (file, line) -> file != but && rule.containsMatchIn(line) }.map { (file, line) -> "$file: ${line.trim()}" }

    @Test
    fun `screens import Compose, the model, and nothing else`() {
        assertTrue("${sources.size} sources", sources.size >= 6)
        val foreign = found(Regex("""^import (?!androidx\.compose\.|app\.kabao\.model\.|kotlin\.math\.floor$)"""))
        assertEquals(emptyList<String>(), foreign)
    }

    @Test
    fun `screens hold no sentence`() {
        // Two words in a row, or a hanzi, between quotation marks. Keys of places and of rows are single words.
        val literal = Regex(""""([^"]*)"""")
        val sentence = Regex("""\p{IsHan}|[A-Za-z]{2,} [A-Za-z]{2,}""")
        val sentences = lines().flatMap { (file, line) -> literal.findAll(line).map { it.groupValues[1] }.filter(sentence::containsMatchIn).map { "$file: $it" } }
        assertEquals(emptyList<String>(), sentences)
    }

    @Test
    fun `screens format, cut and count nothing but the dots of a picture`() {
        val work = Regex("""\.format\(|NumberFormat|BigDecimal|substring|\btake\(|\.drop\(|replace\(|toInt\(|toLong\(|toDouble\(|Regex|Locale|Instant|Duration|\s[-*/%]\s\d""")
        assertEquals(emptyList<String>(), found(work, but = "Pictures.kt"))
    }
}
