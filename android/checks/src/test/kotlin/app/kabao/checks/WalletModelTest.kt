package app.kabao.checks

import app.kabao.model.Answer
import app.kabao.model.Ask
import app.kabao.model.Certainty
import app.kabao.model.Confirm
import app.kabao.model.Event
import app.kabao.model.Home
import app.kabao.model.Page
import app.kabao.model.Place
import app.kabao.model.Proof
import app.kabao.model.Showing
import app.kabao.model.Tongue
import app.kabao.model.Trouble
import app.kabao.model.WalletModel
import app.kabao.model.Words
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.test.TestScope
import kotlinx.coroutines.test.advanceTimeBy
import kotlinx.coroutines.test.runCurrent
import kotlinx.coroutines.test.runTest
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import java.time.Instant

/** What the screens' model does, without any screen. Time is the test's own. */
@OptIn(ExperimentalCoroutinesApi::class)
class WalletModelTest {
    private val door = FakeDoor()
    private val start = Instant.parse("2026-11-22T00:00:00Z")

    private fun TestScope.model(): WalletModel {
        val model = WalletModel(door, Words(Tongue.CHINESE), backgroundScope) { start.plusMillis(testScheduler.currentTime) }
        model.start()
        runCurrent()
        return model
    }

    private fun TestScope.review(): WalletModel {
        val model = model()
        model.home.scan("code")
        runCurrent()
        model.confirm.quote("15.80")
        runCurrent()
        assertTrue(model.state.value.confirm is Confirm.Review)
        return model
    }

    @Test
    fun `two taps on pay are one payment`() =
        runTest {
            val model = review()
            val answer = CompletableDeferred<Unit>()
            door.onConfirm = { _, _ ->
                answer.await()
                Answer.Given(payment(Certainty.PAID))
            }
            repeat(3) {
                model.confirm.pay(Proof.Pin("480273"), again = false)
                runCurrent()
            }
            assertTrue(model.state.value.busy)
            answer.complete(Unit)
            runCurrent()
            assertEquals(1, door.asked.count { it.startsWith("confirm") })
            assertEquals("confirm quote-1 balance 480273 false", door.asked.single { it.startsWith("confirm") })
            assertFalse(model.state.value.busy)
        }

    @Test
    fun `who leaves while the money is on its way is not called back by its answer`() =
        runTest {
            val model = review()
            val answer = CompletableDeferred<Unit>()
            door.onConfirm = { _, _ ->
                answer.await()
                Answer.Given(payment(Certainty.PAID))
            }
            model.confirm.pay(Proof.Approval, again = false)
            runCurrent()
            model.confirm.back()
            model.home.openHistory()
            runCurrent()
            answer.complete(Unit)
            runCurrent()
            assertEquals(Place.HISTORY, model.state.value.place)
            assertNull(model.state.value.confirm)
            assertTrue("the payment was not called off", answer.isCompleted && "confirm quote-1 balance approval false" in door.asked)
        }

    @Test
    fun `a result that nobody knows offers no payment, and becomes known by itself`() =
        runTest {
            door.onConfirm = { _, _ -> Answer.Given(payment(Certainty.OPEN, lostAnswer)) }
            val model = review()
            model.confirm.pay(Proof.Approval, again = false)
            runCurrent()
            model.confirm.retry()
            model.confirm.pay(Proof.Approval, again = false)
            runCurrent()
            assertEquals(1, door.asked.count { it.startsWith("confirm") })
            assertEquals(1, door.asked.count { it.startsWith("quote") })
            door.onPayment = { Answer.Given(payment(Certainty.PAID)) }
            door.events.emit(Event.PaymentChanged("intent-2"))
            runCurrent()
            assertEquals(Certainty.OPEN, (model.state.value.confirm as Confirm.Result).payment.certainty)
            door.events.emit(Event.PaymentChanged("intent-1"))
            runCurrent()
            assertEquals(Certainty.PAID, (model.state.value.confirm as Confirm.Result).payment.certainty)
        }

    @Test
    fun `the same once more has to be said`() =
        runTest {
            door.onConfirm = { _, again ->
                if (again) Answer.Given(payment(Certainty.PAID)) else Answer.Refused(Trouble("payment_repeated", "刚付过", "再付一次？"))
            }
            val model = review()
            model.confirm.pay(Proof.Approval, again = true)
            runCurrent()
            assertEquals(0, door.asked.count { it.startsWith("confirm") })
            model.confirm.pay(Proof.Approval, again = false)
            runCurrent()
            assertTrue((model.state.value.confirm as Confirm.Review).repeated)
            assertEquals("payment_repeated", model.state.value.trouble?.code)
            model.confirm.pay(Proof.Approval, again = false)
            runCurrent()
            assertEquals(1, door.asked.count { it.startsWith("confirm") })
            model.confirm.pay(Proof.Approval, again = true)
            runCurrent()
            assertTrue(model.state.value.confirm is Confirm.Result)
        }

    @Test
    fun `a code says how long it lasts, and is drawn anew`() =
        runTest {
            door.onShow = { Answer.Given(payerCode("showing-1", start.plusSeconds(3))) }
            door.onDrawAgain = { Answer.Given(it.copy(digits = "next", drawAgainAt = start.plusSeconds(33))) }
            val model = model()
            model.home.openCode()
            runCurrent()
            assertEquals("3 秒", model.state.value.code.left)
            assertTrue(model.state.value.secure)
            advanceTimeBy(2_001)
            assertEquals("1 秒", model.state.value.code.left)
            advanceTimeBy(2_001)
            assertEquals("next", model.state.value.code.code?.digits)
            assertEquals(1, door.asked.count { it == "draw" })
            model.code.back()
            advanceTimeBy(60_000)
            assertEquals("nobody looks", 1, door.asked.count { it == "draw" })
            assertNull("a code that nobody looks at is not kept", model.state.value.code.code)
        }

    @Test
    fun `a clock that is years off draws no storm of pictures`() =
        runTest {
            door.onShow = { Answer.Given(payerCode("showing-1", start.minusSeconds(100_000_000))) }
            door.onDrawAgain = { Answer.Given(it) }
            val model = model()
            model.home.openCode()
            advanceTimeBy(10_500)
            assertTrue(door.asked.count { it == "draw" } in 1..11)
        }

    @Test
    fun `what became of a code is told when the wallet hears of it`() =
        runTest {
            val model = model()
            model.home.openCode()
            runCurrent()
            door.onShowing = { Answer.Given(Showing("已付款", over = true, record = "record-1")) }
            door.events.emit(Event.Arrived)
            runCurrent()
            assertNull(model.state.value.code.code)
            assertEquals("record-1", model.state.value.code.outcome?.record)
        }

    @Test
    fun `the service is asked as long as a code is shown, and no longer`() =
        runTest {
            val model = model()
            model.home.openCode()
            advanceTimeBy(6_500)
            assertEquals(3, door.asked.count { it == "listen" })
            door.onShowing = { Answer.Given(Showing("已付款", over = true, record = "record-1")) }
            advanceTimeBy(2_000)
            assertEquals("已付款", model.state.value.code.outcome?.text)
            advanceTimeBy(20_000)
            assertEquals(4, door.asked.count { it == "listen" })
        }

    @Test
    fun `a top-up finds the card that was bound a moment ago, and without one there is none`() =
        runTest {
            val known = door.home
            door.home = Answer.Given(Home())
            val model = model()
            model.home.topUp()
            runCurrent()
            assertEquals(Place.HOME, model.state.value.place)
            door.home = known
            model.home.topUp()
            runCurrent()
            assertEquals("card-1", (model.state.value.confirm as Confirm.Entry).card)
        }

    @Test
    fun `a merchant that asks is shown on the code too`() =
        runTest {
            val model = model()
            model.home.openCode()
            runCurrent()
            door.home = Answer.Given(Home(asks = listOf(Ask("ask-1", "水果店", fen(10_800)))))
            door.events.emit(Event.Arrived)
            runCurrent()
            assertEquals("ask-1", model.state.value.code.asks.single().id)
        }

    @Test
    fun `locking takes everything off the screen, an answer on its way too`() =
        runTest {
            val model = review()
            val answer = CompletableDeferred<Unit>()
            door.onConfirm = { _, _ ->
                answer.await()
                Answer.Given(payment(Certainty.PAID))
            }
            model.confirm.pay(Proof.Approval, again = false)
            runCurrent()
            door.home = Answer.Refused(Trouble("locked", "钱包已锁定", "解锁。"))
            door.events.emit(Event.Locked(true))
            runCurrent()
            answer.complete(Unit)
            runCurrent()
            val state = model.state.value
            assertTrue(state.locked)
            assertEquals(Home(), state.home)
            assertNull(state.confirm)
            door.home = Answer.Given(Home(balance = fen(1)))
            model.unlock()
            runCurrent()
            assertFalse(model.state.value.locked)
            assertEquals(fen(1), model.state.value.home.balance)
        }

    @Test
    fun `a page is fetched once however often it is asked for, and the rest follows`() =
        runTest {
            val model = model()
            model.home.openHistory()
            runCurrent()
            repeat(5) { model.history.more() }
            runCurrent()
            assertEquals(1, door.asked.count { it == "page 50" })
            model.history.more()
            runCurrent()
            assertEquals(120, model.state.value.history.lines.size)
            assertNull(model.state.value.history.next)
        }

    @Test
    fun `a new record stands on top and nothing stands twice`() =
        runTest {
            val model = model()
            model.home.openHistory()
            runCurrent()
            model.history.more()
            runCurrent()
            door.records.add(0, line(999))
            door.events.emit(Event.Arrived)
            runCurrent()
            val keys = model.state.value.history.lines.map { it.key }
            assertEquals("record-999", keys.first())
            assertEquals(keys.size, keys.toSet().size)
            assertEquals(101, keys.size)
        }

    @Test
    fun `a refused page leaves what is there and says why`() =
        runTest {
            val model = model()
            model.home.openHistory()
            runCurrent()
            door.onPage = { Answer.Refused(Trouble("storage_busy", "x", "y")) as Answer<Page> }
            model.history.more()
            runCurrent()
            assertEquals(50, model.state.value.history.lines.size)
            assertEquals("storage_busy", model.state.value.trouble?.code)
            assertNotNull(model.state.value.history.next)
        }

    @Test
    fun `places in a label are filled once, and what is put in is not looked at again`() {
        val words = Words(Tongue.ENGLISH)
        val line = words.say(app.kabao.model.Label.SCREEN_ASK_LINE, "payee" to "{amount}", "amount" to "¥1.00")
        assertEquals("{amount} asks for ¥1.00", line)
    }
}
