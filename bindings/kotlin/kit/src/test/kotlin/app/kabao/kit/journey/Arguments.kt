package app.kabao.kit.journey

import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long

/** A step is written in a way that this runner cannot carry out. */
class Written(text: String) : Exception(text)

/** The arguments of one call. Each is taken once: one that nobody took must not be passed over. */
class Arguments(written: JsonObject) {
    private val left = written.toMutableMap()

    private fun take(name: String): JsonElement? = left.remove(name)?.takeUnless { it is JsonNull }

    fun has(name: String): Boolean = left[name].let { it != null && it !is JsonNull }

    fun maybeText(name: String): String? = (take(name) as JsonPrimitive?)?.content

    fun text(name: String): String = maybeText(name) ?: throw Written("a text named $name is missing")

    fun texts(name: String): List<String> =
        take(name)?.jsonArray?.map { it.jsonPrimitive.content } ?: throw Written("a list named $name is missing")

    fun number(name: String): Long? = take(name)?.jsonPrimitive?.long

    fun flag(name: String): Boolean = take(name)?.jsonPrimitive?.boolean ?: false

    fun bytes(name: String): ByteArray = text(name).chunked(2).map { it.toInt(16).toByte() }.toByteArray()

    fun end() {
        left.keys.firstOrNull()?.let { throw Written("no argument is named $it") }
    }
}
