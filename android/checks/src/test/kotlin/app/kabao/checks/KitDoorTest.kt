package app.kabao.checks

import app.kabao.base.Language
import app.kabao.base.Remedy
import app.kabao.bridge.KitDoor
import app.kabao.fake.FakeWallet
import app.kabao.fake.blankPaymentView
import app.kabao.fake.blankReadyCheckView
import app.kabao.fake.blankReadyView
import app.kabao.fake.refusal
import app.kabao.kit.failure
import app.kabao.model.Answer
import app.kabao.model.Certainty
import app.kabao.model.Home
import app.kabao.model.Step
import app.kabao.money.OnboardingStep
import app.kabao.money.OnboardingStepKind
import app.kabao.money.PaymentState
import kotlinx.coroutines.test.runTest
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

/** The wallet's records as the screens get them: what the wallet says stands there, and nothing else. */
class KitDoorTest {
    private val wallet = FakeWallet().apply { answer("limits.readyToPay") { blankReadyView().copy(ready = true) } }
    private val door = KitDoor(wallet, Language.ZH_CN)

    private suspend fun home(): Home = (door.home() as Answer.Given).value

    @Test
    fun `each step that the wallet names is on the first screen, and only a wallet that lacks nothing has none`() =
        runTest {
            for (kind in OnboardingStepKind.entries) {
                wallet.answer("account.onboardingNext") { OnboardingStep(kind, "onboarding_rolled_back", false) }
                val expected = if (kind == OnboardingStepKind.READY) null else Step(kind.name, "onboarding_rolled_back")
                assertEquals(expected, home().step)
            }
        }

    @Test
    fun `what stands in the way of paying is told in the wallet's order, and what is well is not`() =
        runTest {
            assertTrue(home().ready.lacks.isEmpty())
            val failures = listOf("rolled_back" to Remedy.REPLACE_DEVICE, "balance_low" to Remedy.TOP_UP_OR_OTHER_SOURCE)
            val bad = failures.map { (code, remedy) -> blankReadyCheckView().copy(failure = refusal(code, remedy).failure) }
            val checks = listOf(bad[0], blankReadyCheckView().copy(well = true), bad[1])
            wallet.answer("limits.readyToPay") { blankReadyView().copy(checks = checks, offerText = "offer") }
            val ready = home().ready
            assertEquals(failures.map { (code, remedy) -> code to remedy.name }, ready.lacks.map { it.code to it.next })
            assertEquals("offer", ready.offer)
        }

    @Test
    fun `a part that the wallet refuses keeps no other part away`() =
        runTest {
            for (call in listOf("account.view", "limits.readyToPay", "pay.asks", "pay.openPayments", "cards.list")) {
                wallet.refuse(call, refusal("storage_busy", Remedy.TRY_AGAIN).failure)
            }
            wallet.answer("account.onboardingNext") { OnboardingStep(OnboardingStepKind.SIGN_IN, "onboarding_sign_in", false) }
            assertEquals(Home(account = true, step = Step("SIGN_IN", "onboarding_sign_in")), home())
        }

    @Test
    fun `without an account there is a step and no account`() =
        runTest {
            wallet.answer("account.onboardingNext") { OnboardingStep(OnboardingStepKind.REGISTER, "onboarding_register", false) }
            wallet.refuse("account.view", refusal("not_registered", Remedy.FINISH_SET_UP).failure)
            assertEquals(false, home().account)
        }

    @Test
    fun `a locked wallet says nothing of its home`() =
        runTest {
            wallet.lock()
            assertEquals("locked", (door.home() as Answer.Refused).trouble.code)
        }

    @Test
    fun `only the two final states are known, and a warning goes before the reason`() =
        runTest {
            for (state in PaymentState.entries) {
                wallet.answer("pay.payment") {
                    blankPaymentView().copy(state = state, failure = refusal("net_timeout", Remedy.DO_NOT_PAY_AGAIN).failure, warning = refusal("may_pay_twice", Remedy.DO_NOT_PAY_AGAIN).failure)
                }
                val payment = (door.payment("intent-1") as Answer.Given).value
                val expected =
                    when (state) {
                        PaymentState.SUCCEEDED -> Certainty.PAID
                        PaymentState.FAILED -> Certainty.NOT_PAID
                        else -> Certainty.OPEN
                    }
                assertEquals(expected, payment.certainty)
                assertEquals("may_pay_twice", payment.trouble?.code)
            }
            wallet.answer("pay.payment") { blankPaymentView().copy(state = PaymentState.SUCCEEDED) }
            assertNull((door.payment("intent-1") as Answer.Given).value.trouble)
        }
}
