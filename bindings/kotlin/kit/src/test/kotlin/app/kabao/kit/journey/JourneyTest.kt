package app.kabao.kit.journey

import app.kabao.kit.root
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit
import kotlin.io.path.div
import kotlin.io.path.extension
import kotlin.io.path.readText
import kotlin.io.path.relativeTo

/** So many journeys at once: most of a journey is waiting. */
private const val AT_ONCE = 4

/**
 * The journeys that every test run replays. They make every call that an ordinary day needs, most of the others, and meet faults.
 * `KABAO_JOURNEYS=all` replays all of `tests/journeys`; the names of some, with a comma between them, replay these.
 */
private val USUAL = listOf("first-day.json", "cards/two-banks-and-credit.json", "account/my-data.json", "limits/own-caps.json")

/** Every journey gives the same transcript through this package as through the program's own wallet, byte for byte. */
class JourneyTest {
    @TempDir lateinit var folder: Path

    @TestFactory
    fun `journeys give the same transcript here as in the program`(): List<DynamicTest> {
        val journeys = root / "tests" / "journeys"
        val all = Files.walk(journeys).use { files -> files.filter { it.extension == "json" }.toList() }
        val names = all.map { it.relativeTo(journeys).toString() }.sorted()
        val wanted = System.getenv("KABAO_JOURNEYS").orEmpty()
        val chosen =
            when (wanted) {
                "" -> USUAL
                // A package has the clock of its computer.
                "all" -> names.filterNot { "phone_clock" in (journeys / it).readText() }
                else -> wanted.split(',')
            }
        val pool = Executors.newFixedThreadPool(AT_ONCE)
        val played =
            chosen.map { name ->
                val own = Files.createDirectories(folder / name)
                pool.submit<Pair<String, String>> {
                    replayByProgram(journeys / name, own) to replay(journeys / name, own)
                }
            }
        pool.shutdown()
        return chosen.zip(played).map { (name, transcripts) ->
            dynamicTest(name) {
                val (programs, ours) = transcripts.get(20, TimeUnit.MINUTES)
                // The first line that differs says more than both transcripts.
                programs.lines().zip(ours.lines()).forEach { (program, our) -> assertEquals(program, our) }
                assertEquals(programs, ours)
            }
        }
    }
}
