package app.kabao.kit.journey

import app.kabao.base.Currency
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import java.lang.reflect.Modifier
import java.time.Instant
import java.util.Base64

/**
 * What the package gave, as JSON, by one rule: a record is its properties in `snake_case`, a choice its name, a currency its
 * code, a time its milliseconds since 1970, bytes are base64url. So a transcript shows what an app is given and nothing else.
 */
fun shape(value: Any?): JsonElement =
    when (value) {
        null -> JsonNull
        is JsonElement -> value
        is Unit -> JsonObject(emptyMap())
        is String -> JsonPrimitive(value)
        is Boolean -> JsonPrimitive(value)
        is UByte -> JsonPrimitive(value.toLong())
        is UShort -> JsonPrimitive(value.toLong())
        is UInt -> JsonPrimitive(value.toLong())
        is ULong -> JsonPrimitive(value.toLong())
        is Number -> JsonPrimitive(value)
        is Instant -> JsonPrimitive(value.toEpochMilli())
        is ByteArray -> JsonPrimitive(Base64.getUrlEncoder().withoutPadding().encodeToString(value))
        is Currency -> JsonPrimitive(value.name)
        is Enum<*> -> JsonPrimitive(value.name.lowercase())
        is List<*> -> JsonArray(value.map(::shape))
        is Map<*, *> -> JsonObject(value.entries.associate { (name, part) -> "$name" to shape(part) })
        else -> JsonObject(parts(value))
    }

/** A choice with parts: its name under [key], and its parts. */
fun choice(key: String, value: Any): JsonObject =
    JsonObject(mapOf(key to JsonPrimitive(snake(value.javaClass.simpleName).removePrefix("_"))) + parts(value))

private fun parts(record: Any): Map<String, JsonElement> =
    record.javaClass.declaredFields.filter { !Modifier.isStatic(it.modifiers) }.associate { field ->
        field.isAccessible = true
        snake(field.name) to shape(field.get(record))
    }

private fun snake(name: String): String = name.replace(Regex("[A-Z]")) { "_" + it.value.lowercase() }
