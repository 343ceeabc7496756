package app.kabao.kit

import app.kabao.wallet.ServiceSettings
import app.kabao.wallet.WalletSettings
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonObjectBuilder
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import java.net.URI
import java.net.URLEncoder
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.util.concurrent.TimeUnit
import kotlin.io.path.ExperimentalPathApi
import kotlin.io.path.deleteRecursively
import kotlin.io.path.div
import kotlin.io.path.exists
import kotlin.io.path.readText

/** The repository. */
val root: Path = Path.of(System.getProperty("kabao.root"))

/** The program that runs the reference service and journeys. */
val kabao: String = System.getenv("KABAO") ?: (root / "target" / "debug" / "kabao").toString()

/** What a service tells of itself in its `service.json`. */
class ServiceFile(private val content: JsonObject) {
    fun text(name: String): String = content.getValue(name).jsonPrimitive.content

    fun settings(folder: Path, language: String = "zh-CN"): WalletSettings =
        WalletSettings(
            folder.toString(),
            ServiceSettings(
                url = text("url"),
                tlsCaPem = text("tls_ca_pem"),
                spkiPins = content.getValue("spki_pins").jsonArray.map { it.jsonPrimitive.content },
                rootKey = text("root_key"),
                guid = text("guid"),
                linkHost = content["link_host"]?.jsonPrimitive?.contentOrNull,
            ),
            language,
        )

    companion object {
        fun read(path: Path): ServiceFile = ServiceFile(Json.parseToJsonElement(path.readText()).jsonObject)

        /** A service that nobody runs. */
        fun ofNobody(): ServiceFile = read(root / "bindings" / "fixtures" / "nobody.json")
    }
}

/** The reference service, started as a child for one test, and its developer's console. */
class ReferenceService private constructor(private val process: Process, private val data: Path) : AutoCloseable {
    val file: ServiceFile = ServiceFile.read(data / "service.json")
    private val http = HttpClient.newHttpClient()

    fun get(path: String): JsonObject = send(HttpRequest.newBuilder(at(path)).GET())

    fun post(path: String, body: JsonObjectBuilder.() -> Unit): JsonObject {
        val text = HttpRequest.BodyPublishers.ofString(buildJsonObject(body).toString())
        return send(HttpRequest.newBuilder(at(path)).header("content-type", "application/json").POST(text))
    }

    /** The newest one-time code that `from` (`kabao`, `bank`) sent to a telephone number. */
    fun code(phone: String, from: String): String {
        val inbox = get("/dev/inbox?phone=" + URLEncoder.encode(phone, Charsets.UTF_8)).getValue("messages").jsonArray
        val newest = inbox.map { it.jsonObject }.last { it.getValue("from").jsonPrimitive.content == from }
        return newest.getValue("otp").jsonPrimitive.content
    }

    private fun at(path: String): URI = URI.create(file.text("dev_url").trimEnd('/') + path)

    private fun send(request: HttpRequest.Builder): JsonObject {
        val answer = http.send(request.timeout(Duration.ofSeconds(30)).build(), HttpResponse.BodyHandlers.ofString())
        check(answer.statusCode() in 200..299) { "${answer.uri()}: ${answer.statusCode()} ${answer.body()}" }
        return Json.parseToJsonElement(answer.body()).jsonObject
    }

    /** Ends the service: from now on the phone has no network that helps. */
    fun stop() {
        process.outputStream.close()
        if (!process.waitFor(20, TimeUnit.SECONDS)) process.destroyForcibly().waitFor()
    }

    @OptIn(ExperimentalPathApi::class)
    override fun close() {
        stop()
        data.deleteRecursively()
    }

    companion object {
        /** Starts the service and waits until it says where it is. It ends with this program, however that ends. */
        @OptIn(ExperimentalPathApi::class)
        fun start(): ReferenceService {
            val data = Files.createTempDirectory("kabao-service")
            val log = (data / "log").toFile()
            val process =
                ProcessBuilder(kabao, "serve", "--data", "$data", "--until-stdin-ends").redirectError(log).start()
            val said = process.inputReader().lineSequence().takeWhile { !it.startsWith("for wallets") }.toList()
            if ((data / "service.json").exists()) return ReferenceService(process, data)
            val complaint = log.readText()
            process.destroyForcibly()
            data.deleteRecursively()
            error("the service did not start: $said $complaint")
        }
    }
}
