package app.kabao.checks

import app.kabao.model.Amount
import app.kabao.model.Answer
import app.kabao.model.Card
import app.kabao.model.Certainty
import app.kabao.model.Door
import app.kabao.model.Event
import app.kabao.model.Home
import app.kabao.model.Line
import app.kabao.model.Month
import app.kabao.model.Page
import app.kabao.model.PayerCode
import app.kabao.model.Payment
import app.kabao.model.Proof
import app.kabao.model.Purchase
import app.kabao.model.Quote
import app.kabao.model.Receipt
import app.kabao.model.Record
import app.kabao.model.Scanned
import app.kabao.model.Showing
import app.kabao.model.Source
import app.kabao.model.Square
import app.kabao.model.Trouble
import app.kabao.model.Way
import kotlinx.coroutines.flow.MutableSharedFlow
import java.time.Instant
import java.util.concurrent.CopyOnWriteArrayList

/** An amount of this many fen. Only tests make amounts: the wallet does it for the screens. */
fun fen(fen: Long): Amount {
    val sign = if (fen < 0) "-" else ""
    val yuan = kotlin.math.abs(fen) / 100
    val rest = "%02d".format(kotlin.math.abs(fen) % 100)
    return Amount("$sign¥%,d.$rest".format(yuan), "$sign$yuan 元 $rest 分")
}

fun line(number: Int): Line =
    Line("record-$number", "record-$number", null, "老王早餐铺 $number", "付款", "已付", fen(-1580L - number), "2026-11-22 08:%02d".format(number % 60))

val lostAnswer = Trouble("net_timeout", "结果待确认，请不要重复付款（服务没有及时应答）", "钱包会继续查询，有结果马上告诉你。")

fun payment(certainty: Certainty, trouble: Trouble? = null): Payment =
    Payment(
        id = "intent-1",
        certainty = certainty,
        state = when (certainty) {
            Certainty.OPEN -> "结果待确认"
            Certainty.PAID -> "已付"
            Certainty.NOT_PAID -> "未付"
        },
        payee = "老王早餐铺",
        amount = fen(1580),
        mayPayAgain = certainty == Certainty.NOT_PAID,
        trouble = trouble,
        record = if (certainty == Certainty.PAID) "record-1" else null,
        stages = if (certainty == Certainty.PAID) listOf("已受理", "已到账") else listOf("已受理"),
    )

/** A chessboard stands in for a code. */
fun payerCode(showing: String, until: Instant): PayerCode =
    PayerCode(
        showing = showing,
        way = "lakala",
        digits = "9712 3456 7890 1662 9685 1979",
        square = Square(25, List(25 * 25) { it % 2 == 0 }),
        bars = List(83) { 1 + it % 3 },
        drawAgainAt = until,
        cap = fen(10_000),
        clockTrusted = false,
        left = "9",
    )

/** A wallet in memory. Each answer can be replaced; what was asked is kept. */
class FakeDoor : Door {
    val asked = CopyOnWriteArrayList<String>()
    override val events = MutableSharedFlow<Event>(replay = 8)
    val records = (0 until 120).mapTo(ArrayList(), ::line)
    var home = Answer.Given(
        Home(true, fen(5620), "5 分钟前", "139****0278", cards = listOf(Card("card-1", "建设银行 7802", null))),
    ) as Answer<Home>
    var onShow: () -> Answer<PayerCode> = { Answer.Given(payerCode("showing-1", Instant.now().plusSeconds(30))) }
    var onDrawAgain: (PayerCode) -> Answer<PayerCode> = { Answer.Given(it.copy(drawAgainAt = Instant.now().plusSeconds(30))) }
    var onShowing: () -> Answer<Showing> = { Answer.Given(Showing("付款码已出示", over = false, record = null)) }
    var onRead: (String) -> Answer<Scanned> = {
        Answer.Given(Scanned("payee-1", "老王早餐铺", null, null, listOf("卡包收款码"), emptyList(), null))
    }
    var onQuote: (Purchase) -> Answer<Quote> = {
        Answer.Given(
            Quote(
                "quote-1", "老王早餐铺", fen(1580), fen(0), fen(1580), 1580,
                listOf(
                    Source("balance", "余额", null, proposed = true),
                    Source("card-1", "建设银行 7802", Trouble("card_frozen", "银行冻结了这张卡", "联系银行。"), proposed = false),
                ),
                warning = null,
            ),
        )
    }
    var onConfirm: suspend (Proof, Boolean) -> Answer<Payment> = { _, _ -> Answer.Given(payment(Certainty.PAID)) }
    var onPayment: () -> Answer<Payment> = { Answer.Given(payment(Certainty.OPEN, lostAnswer)) }
    var onResolve: () -> Answer<Payment> = { Answer.Given(payment(Certainty.PAID)) }
    var onRefresh: suspend () -> Answer<Unit> = { Answer.Given(Unit) }
    var onPage: suspend (String?) -> Answer<Page> = { cursor ->
        val from = cursor?.toInt() ?: 0
        val to = minOf(from + 50, records.size)
        Answer.Given(Page(emptyList(), records.subList(from, to).toList(), if (to < records.size) "$to" else null))
    }

    override suspend fun home() = home.also { asked += "home" }

    override suspend fun refresh() = onRefresh().also { asked += "refresh" }

    override suspend fun listen() {
        asked += "listen"
    }

    override suspend fun unlock() = Answer.Given(Unit).also { asked += "unlock" }

    override fun touch() {
        asked += "touch"
    }

    override suspend fun ways() =
        Answer.Given(
            listOf(
                Way("lakala", "拉卡拉", null),
                Way("alipay", "支付宝", Trouble("channel_unusable", "渠道尚未开通", "用别的方式付款。")),
            ),
        )

    override suspend fun showCode(way: String) = onShow().also { asked += "show $way" }

    override suspend fun drawAgain(code: PayerCode) = onDrawAgain(code).also { asked += "draw" }

    override suspend fun showing(showing: String) = onShowing()

    override suspend fun read(text: String) = onRead(text).also { asked += "read $text" }

    override suspend fun quote(purchase: Purchase) = onQuote(purchase).also { asked += "quote $purchase" }

    override suspend fun confirm(quote: Quote, source: String, proof: Proof, again: Boolean): Answer<Payment> {
        asked += "confirm ${quote.id} $source ${(proof as? Proof.Pin)?.digits ?: "approval"} $again"
        return onConfirm(proof, again)
    }

    override suspend fun payment(id: String) = onPayment()

    override suspend fun resolve(id: String) = onResolve().also { asked += "resolve" }

    override suspend fun decline(ask: String) = Answer.Given(Unit).also { asked += "decline $ask" }

    override suspend fun page(cursor: String?) = onPage(cursor).also { asked += "page $cursor" }

    override suspend fun month() = Answer.Given(Month(fen(14_730), fen(20_350)))

    override suspend fun record(id: String): Answer<Record> {
        asked += "record $id"
        val line = line(1)
        val receipt = Receipt("付款凭证", true, "收款方", "老王早餐铺", fen(1580), fen(0), "余额", "2026-11-22 08:01", null)
        return Answer.Given(Record(line, fen(0), "卡包", "K2026112200000001", null, null, receipt))
    }
}
