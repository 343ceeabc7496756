package app.kabao.checks

import org.jetbrains.kotlin.abi.tools.AbiFilters
import org.jetbrains.kotlin.abi.tools.AbiTools
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource
import java.io.File
import java.nio.file.Path
import kotlin.io.path.createDirectories
import kotlin.io.path.div
import kotlin.io.path.exists
import kotlin.io.path.readText
import kotlin.io.path.writeText

/** The classes of a module, as Maven hands them on: a folder, or a jar. */
private val classes: Map<String, String> =
    mapOf(
        "ffi" to "app.kabao.core.PayClient",
        "kit" to "app.kabao.kit.OpenWallet",
        "fake" to "app.kabao.fake.FakeWallet",
    )

/** Scaffolding of the boundary, public because the language has no other way: nobody calls it. */
private val scaffolding = Regex("Uniffi|FfiConverter|RustBuffer|ForeignBytes|InternalException|Disposable|NoHandle|[$]ErrorHandler|uniffi")

/** A dump without the scaffolding: neither its classes nor what mentions them. */
private fun withoutScaffolding(dump: String): String =
    dump.split("\n\n").filterNot { scaffolding.containsMatchIn(it.lineSequence().first().substringBefore(" : ")) }.joinToString("\n\n") { type ->
        val (head, rest) = type.lines().let { it.first() to it.drop(1) }
        (listOf(head.split(", ").filterNot(scaffolding::containsMatchIn).joinToString()) + rest.filterNot(scaffolding::containsMatchIn)).joinToString("\n")
    }

/** What apps can call is written down in `bindings/kotlin/api` and changes only together with that. */
class ApiTest {
    @ParameterizedTest
    @ValueSource(strings = ["ffi", "kit", "fake"])
    fun `what a module exports is what is written down`(module: String) {
        val root = Path.of(System.getProperty("kabao.root"))
        val written = root / "bindings" / "kotlin" / "api" / "$module.api"
        val place = Class.forName(classes.getValue(module)).protectionDomain.codeSource.location
        val from = File(place.toURI())
        val files = if (from.isDirectory) from.walk().filter { it.extension == "class" }.toList() else listOf(from)
        val none = AbiFilters(emptySet(), emptySet(), emptySet(), emptySet())
        val exports = withoutScaffolding(StringBuilder().also { AbiTools.getInstance().printJvmDump(it, files, none) }.toString())
        assertTrue(exports.length > 200, exports)
        if (System.getenv("KABAO_API") == "write") written.also { it.parent.createDirectories() }.writeText(exports)
        val promised = if (written.exists()) written.readText() else ""
        val differ = promised.lines().zip(exports.lines()).firstOrNull { (old, new) -> old != new }
        assertEquals(promised, exports) {
            "what `$module` exports has changed, first at $differ. If that is meant: KABAO_API=write cargo xtask test --only kotlin, and say it in CHANGELOG.md"
        }
    }
}
