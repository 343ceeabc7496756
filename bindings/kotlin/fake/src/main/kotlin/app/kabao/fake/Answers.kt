package app.kabao.fake

import app.kabao.wallet.WalletException
import java.lang.reflect.InvocationHandler
import java.lang.reflect.Method
import java.lang.reflect.Proxy
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.intrinsics.COROUTINE_SUSPENDED
import kotlin.coroutines.intrinsics.intercepted
import kotlin.coroutines.intrinsics.startCoroutineUninterceptedOrReturn
import kotlin.coroutines.resumeWithException

internal typealias Answer = suspend (arguments: List<Any?>) -> Any?

/** What each call gives, and which calls were made. The clients are made from their interfaces: a new call needs no code here. */
internal class Answers {
    private val given = ConcurrentHashMap<String, Answer>()
    private val known = ConcurrentHashMap.newKeySet<String>()
    val made = CopyOnWriteArrayList<String>()

    /** Before each call that waits: throws when the wallet is locked or closed. */
    @Volatile var gate: (call: String) -> Unit = {}

    fun set(call: String, answer: Answer) {
        require(call in known) { "no client has the call $call; there are ${known.sorted().joinToString()}" }
        given[call] = answer
    }

    inline fun <reified T : Any> client(part: String): T = client(part, T::class.java)

    fun <T : Any> client(part: String, kind: Class<T>): T {
        for (method in kind.methods) known += nameOf(part, method)
        val handler =
            InvocationHandler { proxy, method, given ->
                val arguments = given.orEmpty().toList()
                when {
                    method.declaringClass == Any::class.java -> ofEveryObject(part, proxy, method, arguments)
                    else -> call(nameOf(part, method), arguments)
                }
            }
        return kind.cast(Proxy.newProxyInstance(kind.classLoader, arrayOf(kind), handler))
    }

    private fun call(name: String, arguments: List<Any?>): Any? {
        made += name
        val answer = given[name] ?: throw UnsupportedOperationException("the fake wallet has no answer for $name: give it one with answer(\"$name\")")
        val waiting = arguments.lastOrNull() as? Continuation<*>
        val work: suspend () -> Any? = { answer(if (waiting == null) arguments else arguments.dropLast(1)) }
        if (waiting == null) return atOnce(name, work)
        @Suppress("UNCHECKED_CAST")
        val continuation = waiting as Continuation<Any?>
        return try {
            gate(name)
            work.startCoroutineUninterceptedOrReturn(continuation)
        } catch (refused: WalletException) {
            // The interfaces declare no checked exception, so that it cannot be thrown through a proxy: it is what the wait ends with.
            continuation.intercepted().resumeWithException(refused)
            COROUTINE_SUSPENDED
        }
    }

    private fun atOnce(name: String, work: suspend () -> Any?): Any? {
        var came: Result<Any?>? = null
        val result = work.startCoroutineUninterceptedOrReturn(Continuation(EmptyCoroutineContext) { came = it })
        check(came == null && result !== COROUTINE_SUSPENDED) { "$name does not wait: its answer must not either" }
        return result
    }

    private fun ofEveryObject(part: String, proxy: Any, method: Method, arguments: List<Any?>): Any? =
        when (method.name) {
            "equals" -> proxy === arguments.firstOrNull()
            "hashCode" -> System.identityHashCode(proxy)
            else -> "the fake client $part"
        }

    /** Functions with unsigned numbers carry a suffix on the JVM. */
    private fun nameOf(part: String, method: Method): String = "$part.${method.name.substringBefore('-')}"
}
