package app.kabao.desktop

import app.kabao.kit.ReferenceService
import app.kabao.kit.Wallet
import app.kabao.wallet.BindRequest
import app.kabao.wallet.ConfirmRequest
import app.kabao.wallet.PaymentProof
import app.kabao.wallet.QuoteRequest
import app.kabao.wallet.RegisterRequest
import app.kabao.wallet.VerifyRequest
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put

private const val PHONE = "13912340278"
private const val NAME = "李小满"
private const val ID_NUMBER = "110105199207150043"
private const val CARD = "6217001234567802"
private const val PIN = "480273"

/** A made-up person opens an account with the reference service: the set-up has no screen yet. */
class SamplePerson(private val service: ReferenceService, private val wallet: Wallet) {
    suspend fun moveIn() {
        wallet.account.register(RegisterRequest(PHONE, "desktop"))
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
            put("balance_fen", 500_000)
        }
        val binding = wallet.cards.bind(BindRequest(CARD, NAME, PHONE))
        val card = wallet.cards.confirm(binding.bindingId, service.code(PHONE, "bank"))
        val quote = wallet.pay.quote(QuoteRequest.TopUp("200.00", card.cardId))
        wallet.pay.confirm(ConfirmRequest(quote.quoteId, quote.total.minor, card.cardId, PaymentProof.Pin(PIN), false))
        wallet.history.sync()
        wallet.account.refresh()
        wallet.pay.prepareCodes()
        tell()
    }

    private fun tell() {
        val merchant = service.post("/dev/merchants") { put("name", "老王早餐铺") }
        println("payment PIN: $PIN")
        println("a merchant's code, to be pasted into the field on the first screen: ${merchant.getValue("collection_code_text").jsonPrimitive.content}")
        println("a till that charges 23.50 for the payer code on the screen:")
        println(
            "curl -H 'content-type: application/json' -d '{\"code\": \"DIGITS\", \"amount_fen\": 2350}' " +
                "${service.file.text("dev_url").trimEnd('/')}/dev/till/charge",
        )
    }
}
