package app.kabao.kit.journey

import app.kabao.base.Language
import app.kabao.core.devOnlySoftwareKeys
import app.kabao.core.languageOfTag
import app.kabao.kit.Device
import app.kabao.kit.ServiceFile
import app.kabao.kit.Wallet
import app.kabao.kit.explain
import app.kabao.kit.failure
import app.kabao.kit.kabao
import app.kabao.wallet.DeviceKeys
import app.kabao.wallet.HostException
import app.kabao.wallet.KeyRole
import app.kabao.wallet.SecretStore
import app.kabao.wallet.WalletEvent
import app.kabao.wallet.WalletException
import app.kabao.wallet.BuildIdentity
import app.kabao.wallet.WalletSettings
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption
import java.util.Base64
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.io.path.div
import kotlin.io.path.exists
import kotlin.io.path.name
import kotlin.io.path.readText
import kotlin.io.path.writeText

/** Secrets in the file that the journey's phone keeps: it takes copies of it, puts old ones back, and loses it. */
class FileSecrets(private val path: Path) : SecretStore {
    private fun read(): Map<String, String> =
        if (!path.exists()) {
            emptyMap()
        } else {
            Json.parseToJsonElement(path.readText()).jsonObject.mapValues { it.value.jsonPrimitive.content }
        }

    private fun write(names: Map<String, String>) {
        Files.createDirectories(path.parent)
        val part = path.resolveSibling(path.name + ".part")
        part.writeText(JsonObject(names.mapValues { JsonPrimitive(it.value) }).toString())
        Files.move(part, path, StandardCopyOption.ATOMIC_MOVE)
    }

    @Synchronized
    override fun load(name: String): ByteArray? = read()[name]?.let(Base64.getDecoder()::decode)

    @Synchronized
    override fun store(name: String, value: ByteArray) =
        write(read() + (name to Base64.getEncoder().encodeToString(value)))

    @Synchronized
    override fun remove(name: String) {
        val names = read()
        if (name in names) write(names - name)
    }
}

/** The library's own keys behind a sensor that may not work. */
private class Sensor(private val keys: DeviceKeys) : DeviceKeys by keys {
    @Volatile var fault: (() -> HostException)? = null

    override fun sign(role: KeyRole, text: ByteArray): ByteArray {
        if (role == KeyRole.APPROVE) fault?.let { throw it() }
        return keys.sign(role, text)
    }
}

/** A phone of the journey: at most one open wallet on it, and what that told. */
private class Phone(private val scope: CoroutineScope) {
    private val heard = ConcurrentLinkedQueue<WalletEvent>()
    private var open: Triple<Wallet, Language, Job>? = null
    private var sensor: Sensor? = null
    private var fault: (() -> HostException)? = null

    suspend fun answer(action: String, with: JsonObject): Any? =
        when (action) {
            "open" -> open(with)
            "shut" -> shut()
            "set_aside_lost" -> mapOf("files" to Wallet.setAsideLost(settings(with), device(with)).size)
            "approval_fault" -> setFault((with["fault"] as JsonPrimitive?)?.contentOrNull)
            "events" -> generateSequence { heard.poll() }.map { choice("event", it) }.toList()
            else -> call(action, Arguments(with))
        }

    private suspend fun call(action: String, with: Arguments): Any? {
        val (wallet, language) = open ?: throw Written("the wallet is not open")
        return Calls(wallet, language).make(action, with).also { with.end() }
    }

    private suspend fun open(with: JsonObject) {
        val wallet = Wallet.open(settings(with), device(with))
        val listening = CompletableDeferred<Unit>()
        val watching =
            scope.launch {
                wallet.events.collect {
                    heard.add(it)
                    listening.complete(Unit)
                }
            }
        listening.await()
        open = Triple(wallet, languageOfTag(text(with, "language")), watching)
    }

    suspend fun shut() {
        val (wallet, _, watching) = open ?: return
        open = null
        wallet.use { it.shutDown() }
        watching.cancel()
    }

    fun words(failed: WalletException, language: String): JsonObject {
        val said = failed.failure.explain(languageOfTag(language))
        val words = mapOf("text" to JsonPrimitive(said.text), "next" to JsonPrimitive(said.next))
        return JsonObject(shape(failed.failure).jsonObject + words)
    }

    private fun settings(with: JsonObject): WalletSettings =
        ServiceFile(with.getValue("service").jsonObject).settings(Path.of(text(with, "folder")), text(with, "language")).copy(
            build = (with["build"] as? JsonObject)?.let { BuildIdentity(text(it, "package"), text(it, "signing_digest"), text(it, "channel")) },
        )

    private fun device(with: JsonObject): Device {
        val secrets = FileSecrets(Path.of(text(with, "store")))
        val keys = Sensor(devOnlySoftwareKeys(secrets))
        keys.fault = fault
        sensor = keys
        return Device(secrets, keys)
    }

    private fun setFault(name: String?) {
        fault =
            when (name) {
                null -> null
                "cancelled" -> { -> HostException.Cancelled() }
                "blocked" -> { -> HostException.Unavailable() }
                "fault" -> { -> HostException.Failed() }
                else -> throw Written("no sensor fails like $name")
            }
        sensor?.fault = fault
    }

    private fun text(of: JsonObject, name: String) = of.getValue(name).jsonPrimitive.content
}

/**
 * Replays a journey with wallets of this package, and gives its transcript. The program `kabao` reads the journey, plays the
 * world around the wallets and compares; each call comes here as a line and is made through the public API.
 */
fun replay(journey: Path, folder: Path): String {
    val (transcript, log) = folder / "transcript" to folder / "log"
    val process =
        ProcessBuilder(kabao, "journey", "--wallets-on-stdio", "--transcript", "$transcript", "$journey")
            .redirectError(log.toFile())
            .start()
    val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    val phones = HashMap<String, Phone>()
    try {
        process.outputWriter().use { out ->
            for (line in process.inputReader().lineSequence()) {
                val asked = Json.parseToJsonElement(line).jsonObject
                val phone = phones.getOrPut(asked.getValue("phone").jsonPrimitive.content) { Phone(scope) }
                out.write(runBlocking { answer(phone, asked) }.toString() + "\n")
                out.flush()
            }
        }
        check(process.waitFor() == 0) { log.readText() }
        return transcript.readText()
    } finally {
        process.destroy()
        runBlocking { phones.values.forEach { phone -> runCatching { phone.shut() } } }
        scope.cancel()
    }
}

private suspend fun answer(phone: Phone, asked: JsonObject): JsonObject {
    val answer: Pair<String, JsonElement> =
        try {
            val with = asked.getValue("with").jsonObject
            "gives" to shape(phone.answer(asked.getValue("do").jsonPrimitive.content, with))
        } catch (failed: WalletException) {
            "fails" to phone.words(failed, asked.getValue("language").jsonPrimitive.content)
        } catch (written: Written) {
            "says" to JsonPrimitive(written.message)
        }
    return JsonObject(mapOf(answer))
}

/** What the program's own wallet makes of the same journey. */
fun replayByProgram(journey: Path, folder: Path): String {
    val (transcript, log) = folder / "own-transcript" to folder / "own-log"
    val process =
        ProcessBuilder(kabao, "journey", "--quiet", "--transcript", "$transcript", "$journey")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
    check(process.waitFor() == 0) { log.readText() }
    return transcript.readText()
}
