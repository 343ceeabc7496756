package app.kabao.checks

import android.graphics.Bitmap
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.compose.ui.graphics.asAndroidBitmap
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.captureToImage
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasContentDescription
import androidx.compose.ui.test.hasSetTextAction
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.isEnabled
import androidx.compose.ui.test.junit4.v2.createComposeRule
import androidx.compose.ui.test.onFirst
import androidx.compose.ui.test.onNodeWithContentDescription
import androidx.compose.ui.test.performClick
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performTextReplacement
import app.kabao.base.Language
import app.kabao.bridge.KitDoor
import app.kabao.kit.Device
import app.kabao.kit.ReferenceService
import app.kabao.kit.Wallet
import app.kabao.kit.device
import app.kabao.model.Label
import app.kabao.model.Tongue
import app.kabao.model.WalletModel
import app.kabao.model.Words
import app.kabao.screens.KabaoTheme
import app.kabao.screens.Screens
import app.kabao.wallet.BindRequest
import app.kabao.wallet.RegisterRequest
import app.kabao.wallet.VerifyRequest
import com.google.zxing.BinaryBitmap
import com.google.zxing.MultiFormatReader
import com.google.zxing.RGBLuminanceSource
import com.google.zxing.common.HybridBinarizer
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancel
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import kotlinx.serialization.json.put
import org.junit.Assert.assertEquals
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config

private const val PHONE = "13800138000"
private const val NAME = "张三"
private const val ID_NUMBER = "110105199003072012"
private const val CARD = "6217859001234567893"
private const val PIN = "271928"
private const val LONG = 60_000L

/**
 * A day on the screens, with the real wallet behind them and the reference service on this machine: found by role and
 * label, tapped, typed, read. The account is opened through the package; the set-up has no screen yet.
 */
@RunWith(RobolectricTestRunner::class)
@Config(qualifiers = "w411dp-h2000dp-xhdpi")
class DayOnScreensTest {
    @get:Rule val screen = createComposeRule()

    @get:Rule val folder = TemporaryFolder()

    private val words = Words(Tongue.CHINESE)
    private var shown by mutableStateOf<WalletModel?>(null)

    private fun started(wallet: Wallet): CoroutineScope {
        val scope = CoroutineScope(Dispatchers.Default)
        shown = WalletModel(KitDoor(wallet, Language.ZH_CN), words, scope).apply { start() }
        return scope
    }

    private fun wait(matcher: SemanticsMatcher) =
        try {
            screen.waitUntil(LONG) { screen.onAllNodes(matcher, useUnmergedTree = false).fetchSemanticsNodes().isNotEmpty() }
        } catch (late: androidx.compose.ui.test.ComposeTimeoutException) {
            throw AssertionError("not on the screen: ${matcher.description}\n${shown?.state?.value}", late)
        }

    private fun see(text: String) = wait(hasText(text, substring = true))

    private fun press(label: Label) {
        val button = hasText(words[label]) and hasClickAction() and isEnabled()
        wait(button)
        screen.onNode(button).performScrollTo().performClick()
    }

    private fun type(label: Label, text: String) {
        val field = hasText(words[label]) and hasSetTextAction()
        wait(field)
        screen.onNode(field).performScrollTo().performTextReplacement(text)
    }

    private fun pay(amount: String) {
        type(Label.SCREEN_AMOUNT_FIELD, amount)
        press(Label.SCREEN_GO_ON)
    }

    @Test
    fun `a top-up that was cut, a till, a printed code, a merchant that asks, the lift, and a phone that is signed out`() {
        ReferenceService.start().use { service ->
            val device = device()
            val home = folder.newFolder("wallet").toPath()
            screen.setContent {
                shown?.let { model ->
                    val state by model.state.collectAsState()
                    KabaoTheme(words) { Screens(state, model) }
                }
            }
            open(service, home, device).use { wallet ->
                runBlocking { setUp(service, wallet) }
                val scope = started(wallet)
                topUp(service)
                payAtTill(service)
                payPrintedCode(service)
                answerMerchant(service)
                books(service)
                scope.cancel()
                runBlocking { wallet.shutDown() }
            }
            service.stop()
            open(service, home, device).use { wallet ->
                val scope = started(wallet)
                readInTheLift()
                signedOut(wallet)
                scope.cancel()
                runBlocking { wallet.shutDown() }
            }
        }
    }

    private fun open(service: ReferenceService, folder: java.nio.file.Path, device: Device): Wallet =
        runBlocking { Wallet.open(service.file.settings(folder), device) }

    private suspend fun setUp(service: ReferenceService, wallet: Wallet) {
        wallet.account.register(RegisterRequest(PHONE, "Pixel 12"))
        wallet.account.enterOtp(service.code(PHONE, "kabao"))
        wallet.account.choosePin(PIN)
        wallet.account.confirmRecoverySheet(wallet.account.makeRecoverySheet().code)
        wallet.identity.consent(wallet.identity.consentText().version)
        for (document in listOf("terms", "privacy", "face", "card_binding")) {
            wallet.data.giveConsent(document, wallet.data.consentText(document).version)
        }
        val token = service.post("/dev/liveness") { put("channels", 5) }.getValue("token").jsonPrimitive.content
        wallet.identity.verify(VerifyRequest(NAME, ID_NUMBER, token))
        service.post("/dev/bank/cards") {
            put("pan", CARD)
            put("name", NAME)
            put("id_number", ID_NUMBER)
            put("phone", PHONE)
            put("balance_fen", 100_000)
        }
        val binding = wallet.cards.bind(BindRequest(CARD, NAME, PHONE))
        wallet.cards.confirm(binding.bindingId, service.code(PHONE, "bank"))
    }

    /** The service carries it out, and its answer is lost. The screen says what nobody knows, and then what is. */
    private fun topUp(service: ReferenceService) {
        press(Label.SCREEN_TOP_UP)
        pay("200.005")
        see("小数")
        pay("２００．００")
        see("¥200.00")
        service.post("/dev/faults") {
            // The payment, and the wallet's own first questions about it.
            put("path_prefix", "/v1/payments")
            put("times", 4)
            put("action", JsonPrimitive("drop_after"))
        }
        type(Label.SCREEN_PIN, PIN)
        press(Label.SCREEN_PAY_WITH_PIN)
        wait(hasText(words[Label.SCREEN_RESULT]))
        see("请不要重复付款")
        val pays = listOf(Label.SCREEN_TRY_AGAIN, Label.SCREEN_PAY_WITH_PIN, Label.SCREEN_PAY_WITH_FACE)
        val offered = pays.filter { screen.onAllNodes(hasText(words[it])).fetchSemanticsNodes().isNotEmpty() }
        assertEquals("what is not known offers another payment", emptyList<Label>(), offered)
        see("付款成功")
        press(Label.SCREEN_DONE)
        press(Label.SCREEN_REFRESH)
        see("¥200.00")
        wait(hasContentDescription("二百元", substring = true))
    }

    /** The merchant's scanner reads the picture on the glass. */
    private fun payAtTill(service: ReferenceService) {
        press(Label.SCREEN_SHOW_CODE)
        wait(hasContentDescription(words[Label.SCREEN_CODE_PICTURE]))
        val digits = digits()
        assertEquals(24, digits.length)
        assertEquals(digits, scanned(Label.SCREEN_CODE_PICTURE))
        assertEquals(digits, scanned(Label.SCREEN_CODE_BARS))
        service.post("/dev/till/charge") {
            put("code", digits)
            put("amount_fen", 2350)
        }
        press(Label.SCREEN_OPEN_DETAILS)
        see("-¥23.50")
        see(words[Label.RECEIPT_VERIFIED])
        press(Label.SCREEN_BACK)
    }

    private fun digits(): String {
        val node = screen.onNode(hasContentDescription(words[Label.SCREEN_CODE_DIGITS], substring = true)).fetchSemanticsNode()
        return node.config[SemanticsProperties.Text].single().text.filter(Char::isDigit)
    }

    private fun scanned(picture: Label): String {
        val drawn = screen.onNodeWithContentDescription(words[picture]).captureToImage().asAndroidBitmap().copy(Bitmap.Config.ARGB_8888, false)
        val pixels = IntArray(drawn.width * drawn.height)
        drawn.getPixels(pixels, 0, drawn.width, 0, 0, drawn.width, drawn.height)
        val source = RGBLuminanceSource(drawn.width, drawn.height, pixels)
        return MultiFormatReader().decode(BinaryBitmap(HybridBinarizer(source))).text
    }

    private fun payPrintedCode(service: ReferenceService) {
        val merchant = service.post("/dev/merchants") { put("name", "小面馆") }
        type(Label.SCREEN_SCAN_FIELD, merchant.getValue("collection_code_text").jsonPrimitive.content)
        press(Label.SCREEN_SCAN)
        see("小面馆")
        pay("12.00")
        see("¥12.00")
        type(Label.SCREEN_PIN, "271929")
        press(Label.SCREEN_PAY_WITH_PIN)
        see(words[Label.SCREEN_TRY_AGAIN])
        see("密码")
        press(Label.SCREEN_TRY_AGAIN)
        press(Label.SCREEN_PAY_WITH_FACE)
        see("付款成功")
        press(Label.SCREEN_DONE)
    }

    private fun answerMerchant(service: ReferenceService) {
        press(Label.SCREEN_SHOW_CODE)
        wait(hasContentDescription(words[Label.SCREEN_CODE_PICTURE]))
        val code = digits()
        service.post("/dev/till/charge") {
            put("code", code)
            put("amount_fen", 10_800)
        }
        see("请求付款 ¥108.00")
        press(Label.SCREEN_LOOK)
        see("¥108.00")
        type(Label.SCREEN_PIN, PIN)
        press(Label.SCREEN_PAY_WITH_PIN)
        see("付款成功")
        press(Label.SCREEN_DONE)
    }

    private fun books(service: ReferenceService) {
        val ledger = service.get("/dev/ledger")
        assertEquals(0L, ledger.getValue("sum").jsonPrimitive.long)
        val executions = ledger.getValue("executions").jsonArray.map { it.jsonObject.getValue("count").jsonPrimitive.long }
        assertEquals("each was carried out once", listOf(1L, 1L, 1L, 1L), executions)
        press(Label.SCREEN_REFRESH)
        see("¥56.50")
    }

    private fun readInTheLift() {
        see("¥56.50")
        press(Label.SCREEN_REFRESH)
        see("连不上钱包服务")
        press(Label.SCREEN_DISMISS)
        press(Label.SCREEN_HISTORY)
        see("¥143.50")
        for (amount in listOf("-¥108.00", "-¥12.00", "-¥23.50", "¥200.00")) see(amount)
        screen.onAllNodes(hasText("-¥12.00") and hasClickAction()).onFirst().performClick()
        see(words[Label.RECEIPT_VERIFIED])
        see("小面馆")
    }

    /** The phone is signed out where there is no network. The screens lead to the step that the wallet names, and pay nothing. */
    private fun signedOut(wallet: Wallet) {
        val step =
            runBlocking {
                wallet.account.signOut()
                wallet.words(wallet.account.onboardingNext(), Language.ZH_CN)
            }
        press(Label.SCREEN_BACK)
        press(Label.SCREEN_BACK)
        see(words[Label.SCREEN_NEXT_STEP])
        see(step.title)
        see(step.why)
        press(Label.SCREEN_SHOW_CODE)
        see("这部手机已退出登录")
        assertEquals(0, screen.onAllNodes(hasContentDescription(words[Label.SCREEN_CODE_PICTURE])).fetchSemanticsNodes().size)
    }
}
