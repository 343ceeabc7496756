package app.kabao.checks

import app.kabao.model.Amount
import app.kabao.model.Ask
import app.kabao.model.Card
import app.kabao.model.Certainty
import app.kabao.model.CodeScreenState
import app.kabao.model.Confirm
import app.kabao.model.HistoryScreenState
import app.kabao.model.Home
import app.kabao.model.Line
import app.kabao.model.Month
import app.kabao.model.Payment
import app.kabao.model.Place
import app.kabao.model.Purchase
import app.kabao.model.Quote
import app.kabao.model.Ready
import app.kabao.model.Receipt
import app.kabao.model.Record
import app.kabao.model.Scanned
import app.kabao.model.Source
import app.kabao.model.Square
import app.kabao.model.Step
import app.kabao.model.Tongue
import app.kabao.model.Trouble
import app.kabao.model.WalletState
import app.kabao.model.Way
import java.time.Instant

/** One state of every screen, as the wallet would fill it, in one language. */
class Samples(private val tongue: Tongue) {
    private fun say(chinese: String, english: String) = if (tongue == Tongue.CHINESE) chinese else english

    private val payee = "老王早餐铺"
    private val pending =
        Trouble(
            "net_timeout",
            say("结果待确认，请不要重复付款（服务没有及时应答）", "The result is pending. Please do not pay again (The service did not answer in time)"),
            say("钱包会继续查询，有结果马上告诉你。", "The wallet keeps asking and tells you the result at once."),
        )
    private val card = Card("card-1", say("建设银行 7802", "China Construction Bank 7802"), null)

    private fun payment(certainty: Certainty) =
        Payment(
            "intent-1", certainty,
            when (certainty) {
                Certainty.OPEN -> say("结果待确认", "Result pending")
                Certainty.PAID -> say("已付", "Paid")
                Certainty.NOT_PAID -> say("未付", "Not paid")
            },
            payee, fen(1580), certainty == Certainty.NOT_PAID,
            when (certainty) {
                Certainty.OPEN -> pending
                Certainty.PAID -> null
                Certainty.NOT_PAID ->
                    Trouble(
                        "pin_wrong",
                        say("支付密码错误，还可以试 4 次", "The payment PIN is wrong. Tries left: 4"),
                        say("请仔细再输一次，或者重设支付密码。", "Type it again with care, or set a new one."),
                    )
            },
            "record-1".takeIf { certainty == Certainty.PAID },
            if (certainty == Certainty.PAID) listOf(say("已受理", "Accepted"), say("已到账", "Arrived")) else emptyList(),
        )

    private fun line(number: Int, title: String, fen: Long, kind: String, state: String) =
        Line("r$number", "r$number", null, title, kind, state, fen(fen), "2026-11-22 0$number:1$number")

    private val lines =
        listOf(
            line(9, payee, 350, say("退款", "Refund"), say("完成", "Done")),
            line(8, "水果店", -10_800, say("付款码", "Payer code"), say("完成", "Done")),
            line(7, payee, -1580, say("扫码付款", "Payment"), say("完成", "Done")),
            line(6, payee, -2350, say("付款码", "Payer code"), say("部分退款", "Partly refunded")),
            line(5, say("充值", "Top-up"), 20_000, say("充值", "Top-up"), say("完成", "Done")),
            line(4, "深圳市南山区一家名字特别长的有限责任公司第二分公司", -123_456_789, say("扫码付款", "Payment"), say("完成", "Done")),
        )

    private val home =
        Home(
            true,
            Amount("¥56.20", "五十六元二角"),
            say("5 分钟前", "5 min ago"),
            "139****0278",
            cards = listOf(card),
        )

    private val quote =
        Quote(
            "quote-1", payee, fen(1580), fen(0), fen(1580), 1580,
            listOf(
                Source("balance", say("余额", "Balance"), null, proposed = true),
                Source("card-1", card.text, Trouble("x", say("银行冻结了这张卡", "The bank froze this card"), say("联系银行。", "Call the bank.")), false),
            ),
            null,
        )

    private val scanned = Scanned("p", payee, null, null, listOf(say("卡包收款码", "Kabao collection code")), emptyList(), null)

    private val code =
        CodeScreenState(
            listOf(
                Way("lakala", say("拉卡拉", "Lakala"), null),
                Way("alipay", say("支付宝", "Alipay"), Trouble("x", say("渠道尚未开通", "The channel is not open yet"), say("用别的方式付款。", "Pay another way."))),
            ),
            "lakala",
            payerCode("s", Instant.EPOCH).copy(square = realLooking()),
            say("24 秒", "24 s"),
        )

    /** No code of any payment: a pattern with the three corners that make it look like one. */
    private fun realLooking(): Square {
        val size = 29
        fun corner(x: Int, y: Int): Boolean? {
            val (left, top) = listOf(0 to 0, size - 7 to 0, 0 to size - 7).firstOrNull { x in it.first until it.first + 7 && y in it.second until it.second + 7 }
                ?: return null
            val ring = maxOf(kotlin.math.abs(x - left - 3), kotlin.math.abs(y - top - 3))
            return ring != 2
        }
        return Square(size, List(size * size) { at -> corner(at % size, at / size) ?: ((at * 2_654_435_761L shr 7) % 2 == 0L) })
    }

    /** Every screen by its name. */
    fun all(): Map<String, WalletState> =
        mapOf(
            "home" to WalletState(home = home),
            "home-busy-day" to
                WalletState(
                    home = home.copy(
                        step = Step(say("绑定银行卡", "Link a bank card"), say("绑卡后可以充值，也可以直接用卡付款。", "With a card you can top up, or pay with it directly.")),
                        asks = listOf(Ask("ask-1", "水果店", Amount("¥108.00", "一百零八元"))),
                        open = listOf(payment(Certainty.OPEN)),
                    ),
                    trouble = Trouble("net_down", say("连不上网络", "There is no network"), say("检查网络后再试。付款码没有网络也能用。", "Check the network, then try again. A payer code works without network.")),
                ),
            "home-new" to
                WalletState(
                    home = Home(step = Step(say("注册", "Register"), say("用手机号注册，之后可以设置支付密码。", "Register with a phone number; then choose a payment PIN."))),
                ),
            "home-signed-out" to
                WalletState(
                    home = home.copy(
                        step = Step(say("重新登录", "Sign in again"), say("手机上的文件是旧的副本，为了安全已停止付款。重新登录后账单会从服务取回。", "The files on this phone are an old copy, so nothing is paid from it. After signing in, the history comes back from the service.")),
                    ),
                ),
            "home-not-ready" to
                WalletState(
                    home = home.copy(
                        ready = Ready(
                            listOf(
                                Trouble("balance_low", say("余额不足", "The balance is too low"), say("请先充值，或换一张银行卡付款。", "Top up first, or pay from a bank card.")),
                                Trouble("clock_wrong", say("手机的时间不对", "The clock of this phone is wrong"), say("请在系统设置里打开自动设置时间。", "Let the system set the time by itself.")),
                            ),
                            say("网络不好：请出示付款码，让商家来扫", "Weak network: show your payer code and let the merchant scan it"),
                        ),
                    ),
                ),
            "code" to WalletState(Place.CODE, code = code),
            "entry" to WalletState(Place.CONFIRM, confirm = Confirm.Entry(scanned)),
            "review" to WalletState(Place.CONFIRM, confirm = Confirm.Review(Purchase.ToPayee(scanned, "15.80"), quote, "balance")),
            "sending" to WalletState(Place.CONFIRM, busy = true, confirm = Confirm.Review(Purchase.ToPayee(scanned, "15.80"), quote, "balance")),
            "result-paid" to WalletState(Place.CONFIRM, confirm = Confirm.Result(payment(Certainty.PAID))),
            "result-open" to WalletState(Place.CONFIRM, confirm = Confirm.Result(payment(Certainty.OPEN))),
            "result-not-paid" to
                WalletState(Place.CONFIRM, confirm = Confirm.Result(payment(Certainty.NOT_PAID), Purchase.ToPayee(scanned, "15.80"))),
            "history" to
                WalletState(Place.HISTORY, history = HistoryScreenState(Month(fen(14_730), fen(20_350)), lines = lines, loaded = true)),
            "record" to
                WalletState(
                    Place.HISTORY,
                    history = HistoryScreenState(
                        lines = lines, loaded = true,
                        record = Record(
                            lines[3], fen(0), say("拉卡拉", "Lakala"), "K20261122000000017342", "66230011122", "BREAKFAST-7",
                            Receipt(
                                say("付款凭证", "Payment receipt"),
                                true,
                                say("收款方", "Payee"),
                                payee,
                                fen(2350),
                                fen(0),
                                say("余额", "Balance"),
                                lines[3].at,
                                null,
                            ),
                        ),
                    ),
                ),
            "locked" to WalletState(locked = true),
        )
}
