package app.kabao.checks

import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.assertIsDisplayed
import androidx.compose.ui.test.assertIsEnabled
import androidx.compose.ui.test.assertIsNotEnabled
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasContentDescription
import androidx.compose.ui.test.hasScrollToIndexAction
import androidx.compose.ui.test.hasSetTextAction
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.junit4.v2.createComposeRule
import androidx.compose.ui.test.onAllNodesWithText
import androidx.compose.ui.test.onFirst
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.onNodeWithText
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performScrollToIndex
import androidx.compose.ui.test.performTextInput
import app.kabao.model.Answer
import app.kabao.model.Certainty
import app.kabao.model.Confirm
import app.kabao.model.HistoryScreenState
import app.kabao.model.Home
import app.kabao.model.Label
import app.kabao.model.Place
import app.kabao.model.Ready
import app.kabao.model.Step
import app.kabao.model.Tongue
import app.kabao.model.Trouble
import app.kabao.model.WalletModel
import app.kabao.model.WalletState
import app.kabao.model.Words
import app.kabao.screens.KabaoTheme
import app.kabao.screens.Screens
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

/** The screens over a wallet in memory: find by role and label, tap, type, read. */
@RunWith(RobolectricTestRunner::class)
class ScreensTest {
    @get:Rule val screen = createComposeRule()

    private val words = Words(Tongue.CHINESE)
    private val door = FakeDoor()

    private fun show(language: Words = words): WalletModel {
        val model = WalletModel(door, language, CoroutineScope(Dispatchers.Unconfined))
        model.start()
        screen.setContent {
            val state by model.state.collectAsState()
            KabaoTheme(language) { Screens(state, model) }
        }
        return model
    }

    private fun button(label: Label) = screen.onNode(hasText(words[label]) and hasClickAction())

    private fun field(label: Label) = screen.onNode(hasText(words[label]) and hasSetTextAction())

    private fun press(label: Label) {
        button(label).performScrollTo().performClick()
        screen.waitForIdle()
    }

    private fun enterAmount(): WalletModel {
        val model = show()
        field(Label.SCREEN_SCAN_FIELD).performScrollTo().performTextInput("https://kabao.example/c/1")
        press(Label.SCREEN_SCAN)
        field(Label.SCREEN_AMOUNT_FIELD).performTextInput("15.80")
        press(Label.SCREEN_GO_ON)
        return model
    }

    @Test
    fun `the balance is read as it stands and spoken in words`() {
        show()
        screen.onNodeWithText("¥56.20", useUnmergedTree = true).assertIsDisplayed()
        screen.onNode(hasContentDescription("56 元 20 分", substring = true), useUnmergedTree = true).assertIsDisplayed()
        screen.onNodeWithText("5 分钟前").assertIsDisplayed()
        screen.onNodeWithText("139****0278", useUnmergedTree = true).assertExists()
    }

    @Test
    fun `a printed code is scanned, the amount typed, the PIN typed, and paid`() {
        val model = enterAmount()
        screen.onNodeWithText("老王早餐铺").assertIsDisplayed()
        field(Label.SCREEN_PIN).performScrollTo().performTextInput("480273")
        val typed = screen.onNode(SemanticsMatcher.keyIsDefined(SemanticsProperties.Password)).fetchSemanticsNode().config
        assertEquals("••••••", typed[SemanticsProperties.EditableText].text)
        assertTrue("the PIN's screen is kept out of pictures", model.state.value.secure)
        press(Label.SCREEN_PAY_WITH_PIN)
        screen.onNodeWithText("已付").assertIsDisplayed()
        assertTrue("confirm quote-1 balance 480273 false" in door.asked)
        assertTrue(door.asked.any { it.startsWith("quote ToPayee") && it.contains("amount=15.80") })
        press(Label.SCREEN_DONE)
        screen.onNodeWithText(words[Label.SCREEN_HOME]).assertIsDisplayed()
    }

    @Test
    fun `a result that nobody knows says not to pay again, and has no button that pays`() {
        door.onConfirm = { _, _ -> Answer.Given(payment(Certainty.OPEN, lostAnswer)) }
        enterAmount()
        press(Label.SCREEN_PAY_WITH_FACE)
        screen.onNodeWithText("结果待确认").assertIsDisplayed()
        screen.onNodeWithText(lostAnswer.text).assertExists()
        screen.onNodeWithText(lostAnswer.next).assertExists()
        for (label in listOf(Label.SCREEN_PAY_WITH_PIN, Label.SCREEN_PAY_WITH_FACE, Label.SCREEN_PAY_AGAIN, Label.SCREEN_TRY_AGAIN)) {
            screen.onAllNodesWithText(words[label]).assertCountEquals(0)
        }
        press(Label.SCREEN_ASK_RESULT)
        screen.onNodeWithText("已付").assertIsDisplayed()
        screen.onNodeWithText(lostAnswer.text).assertDoesNotExist()
    }

    private fun androidx.compose.ui.test.SemanticsNodeInteractionCollection.assertCountEquals(expected: Int) =
        assertEquals(expected, fetchSemanticsNodes().size)

    @Test
    fun `a failure says what happened and what to do, and may be tried again`() {
        val wrong = Trouble("pin_wrong", "支付密码不对", "仔细再输一次。")
        door.onConfirm = { _, _ -> Answer.Given(payment(Certainty.NOT_PAID, wrong)) }
        enterAmount()
        press(Label.SCREEN_PAY_WITH_PIN)
        screen.onNodeWithText("支付密码不对").assertExists()
        screen.onNodeWithText("仔细再输一次。").assertExists()
        press(Label.SCREEN_TRY_AGAIN)
        button(Label.SCREEN_PAY_WITH_PIN).assertExists()
    }

    @Test
    fun `the same once more needs a button that says so`() {
        door.onConfirm = { _, again ->
            if (again) Answer.Given(payment(Certainty.PAID)) else Answer.Refused(Trouble("payment_repeated", "几分钟前付过同样的一笔", "确实要再付，请再确认。"))
        }
        enterAmount()
        press(Label.SCREEN_PAY_WITH_PIN)
        screen.onNodeWithText("几分钟前付过同样的一笔").assertExists()
        button(Label.SCREEN_PAY_WITH_PIN).assertDoesNotExist()
        button(Label.SCREEN_PAY_WITH_FACE).assertDoesNotExist()
        press(Label.SCREEN_PAY_AGAIN)
        screen.onNodeWithText("已付").assertIsDisplayed()
    }

    @Test
    fun `a source that cannot pay says why and cannot be chosen`() {
        enterAmount()
        val radio = SemanticsMatcher.expectValue(SemanticsProperties.Role, Role.RadioButton)
        screen.onNode(radio and hasText("余额")).performScrollTo().assertIsEnabled()
        screen.onNode(radio and hasText("建设银行 7802")).performScrollTo().assertIsNotEnabled()
        screen.onNodeWithText(words.say(Label.SCREEN_NOT_USABLE, "why" to "银行冻结了这张卡")).assertExists()
    }

    @Test
    fun `a payment without a result stands on the first screen, says not to pay again, and is opened from there`() {
        door.home = Answer.Given(Home(true, fen(5620), open = listOf(payment(Certainty.OPEN, lostAnswer))))
        val model = show()
        screen.onNodeWithText(words[Label.SCREEN_UNDER_WAY]).assertIsDisplayed()
        screen.onNodeWithText(lostAnswer.text).assertIsDisplayed()
        press(Label.SCREEN_OPEN_DETAILS)
        screen.onNodeWithText(lostAnswer.next).assertIsDisplayed()
        assertEquals(Certainty.OPEN, (model.state.value.confirm as Confirm.Result).payment.certainty)
        for (label in listOf(Label.SCREEN_TRY_AGAIN, Label.SCREEN_PAY_WITH_PIN)) button(label).assertDoesNotExist()
    }

    @Test
    fun `a phone without an account shows the step and nothing that pays`() {
        door.home = Answer.Given(Home(step = Step("注册", "用手机号注册。"), ready = Ready(listOf(Trouble("not_registered", "还没有注册", "请先注册。")))))
        show()
        screen.onNodeWithText("用手机号注册。").assertIsDisplayed()
        assertEquals(0, screen.onAllNodes(hasClickAction()).fetchSemanticsNodes().size)
        assertEquals(0, screen.onAllNodes(hasSetTextAction()).fetchSemanticsNodes().size)
    }

    @Test
    fun `what stands in the way of paying is said with what to do, and a step that leads on goes before it`() {
        val low = Trouble("balance_low", "余额不足", "请先充值。")
        val ready = Ready(listOf(low, Trouble("clock_wrong", "手机的时间不对", "请校准时间。")), "请出示付款码，让商家来扫")
        val back = Step("重新登录", "手机上的文件是旧的副本。")
        door.home = Answer.Given(Home(true, fen(0), ready = ready))
        val model = show()
        for (text in listOf(words[Label.SCREEN_NOT_READY], "余额不足", "请先充值。", "手机的时间不对", "请校准时间。", "请出示付款码，让商家来扫")) {
            screen.onNodeWithText(text).assertExists()
        }
        door.home = Answer.Given(Home(true, fen(0), step = back, ready = ready.copy(offer = null)))
        model.home.refresh()
        screen.waitForIdle()
        for (text in listOf(words[Label.SCREEN_NEXT_STEP], back.title, back.why)) screen.onNodeWithText(text).assertExists()
        for (text in listOf(words[Label.SCREEN_NOT_READY], "余额不足")) screen.onNodeWithText(text).assertDoesNotExist()
    }

    @Test
    fun `the payer code is a picture with a name, its digits are readable, its time is said`() {
        show()
        press(Label.SCREEN_SHOW_CODE)
        screen.onNodeWithContentDescription(words[Label.SCREEN_CODE_PICTURE]).assertIsDisplayed()
        screen.onNodeWithContentDescription(words[Label.SCREEN_CODE_BARS]).assertIsDisplayed()
        screen.onNodeWithText("9712 3456 7890 1662 9685 1979").assertExists()
        screen.onNodeWithText(words.say(Label.SCREEN_CODE_CAP, "amount" to "¥100.00")).assertExists()
        screen.onNodeWithText(words[Label.SCREEN_CLOCK_DOUBT]).assertExists()
        screen.onNode(hasText(words[Label.SCREEN_CODE_RENEWS])).assertExists()
        assertEquals(1, door.asked.count { it == "show lakala" })
        press(Label.SCREEN_NEW_CODE)
        assertEquals(2, door.asked.count { it == "show lakala" })
        screen.onNodeWithText("支付宝").performScrollTo().assertExists()
        assertFalse(door.asked.contains("show alipay"))
    }

    @Test
    fun `the list fetches as it is read, and a line is one sentence and one button`() {
        show()
        press(Label.SCREEN_HISTORY)
        val sentence =
            words.say(
                Label.SCREEN_LINE_OF,
                "title" to "老王早餐铺 0", "kind" to "付款", "amount" to fen(-1580).spoken, "state" to "已付", "at" to "2026-11-22 08:00",
            )
        screen.onNodeWithContentDescription(sentence).assertIsDisplayed()
        assertFalse("page 50" in door.asked)
        screen.onNode(hasScrollToIndexAction()).performScrollToIndex(50)
        screen.waitForIdle()
        assertTrue("page 50" in door.asked)
        screen.onNode(hasScrollToIndexAction()).performScrollToIndex(0)
        screen.onNodeWithContentDescription(sentence).performClick()
        screen.waitForIdle()
        assertTrue("record record-0" in door.asked)
        screen.onNodeWithText(words[Label.RECEIPT_VERIFIED]).performScrollTo().assertIsDisplayed()
        button(Label.SCREEN_BACK).performScrollTo().performClick()
        screen.waitForIdle()
        screen.onNodeWithContentDescription(sentence).assertIsDisplayed()
    }

    @Test
    fun `ten thousand rows are composed as far as they are seen`() {
        val lines = (0 until 10_000).map(::line)
        val state = WalletState(place = Place.HISTORY, history = HistoryScreenState(lines = lines, loaded = true))
        val model = WalletModel(door, words, CoroutineScope(Dispatchers.Unconfined))
        screen.setContent {
            KabaoTheme(words) { Screens(state, model) }
        }
        val list = screen.onNode(hasScrollToIndexAction())
        for (index in listOf(10_002, 5_000, 0, 9_000, 3)) {
            list.performScrollToIndex(minOf(index, 10_001))
            screen.waitForIdle()
            val rows = screen.onAllNodes(SemanticsMatcher.keyIsDefined(SemanticsActions.OnClick)).fetchSemanticsNodes().size
            assertTrue("$rows rows are composed at $index", rows in 3..60)
        }
    }

    @Test
    fun `a locked wallet shows nothing but the way in`() {
        val model = show()
        door.home = Answer.Refused(Trouble("locked", "钱包已锁定", "解锁。"))
        model.home.refresh()
        screen.waitForIdle()
        screen.onNodeWithText(words[Label.SCREEN_LOCKED]).assertIsDisplayed()
        screen.onNodeWithText("¥56.20", useUnmergedTree = true).assertDoesNotExist()
        door.home = Answer.Given(Home(account = true, balance = fen(5620)))
        press(Label.SCREEN_UNLOCK)
        screen.onNodeWithText("¥56.20", useUnmergedTree = true).assertExists()
    }

    @Test
    fun `a touch anywhere is somebody who is there`() {
        show()
        screen.onNodeWithText("5 分钟前").performClick()
        screen.waitForIdle()
        assertTrue("touch" in door.asked)
    }

    @Test
    fun `english says it in english`() {
        show(Words(Tongue.ENGLISH))
        screen.onAllNodesWithText("Payer code").onFirst().assertExists()
        screen.onNodeWithText("History").assertExists()
    }

    @Test
    fun `hostile content is text and nothing else`() {
        val hostile = "<b>{amount}</b>\u202E${"很长".repeat(2_000)}\uD83D\uDE00"
        door.onRead = { Answer.Refused(Trouble("input_too_long", hostile, hostile)) }
        show()
        field(Label.SCREEN_SCAN_FIELD).performScrollTo().performTextInput("\u0000\u202E＜＞ 😀 ${"9".repeat(5_000)}")
        press(Label.SCREEN_SCAN)
        screen.onAllNodesWithText(hostile).assertCountEquals(2)
        assertTrue(door.asked.any { it.startsWith("read ") && it.length > 5_000 })
    }

    @Test
    fun `an entry that is refused stays to be corrected`() {
        door.onQuote = { Answer.Refused(Trouble("amount_decimals", "金额小数位太多", "最多两位小数。")) }
        val model = enterAmount()
        screen.onNodeWithText("金额小数位太多").assertExists()
        screen.onNodeWithText("最多两位小数。").assertExists()
        assertTrue(model.state.value.confirm is Confirm.Entry)
        screen.onNodeWithText("15.80").assertExists()
        press(Label.SCREEN_DISMISS)
        screen.onNodeWithText("金额小数位太多").assertDoesNotExist()
    }
}
