package app.kabao.kit.journey

import app.kabao.base.Language
import app.kabao.codes.DocumentKind
import app.kabao.kit.Wallet
import app.kabao.kit.words
import app.kabao.money.OnboardingStep
import app.kabao.wallet.BindRequest
import app.kabao.wallet.ConfirmRequest
import app.kabao.wallet.ContactKind
import app.kabao.wallet.ContactRequest
import app.kabao.wallet.DeviceCapability
import app.kabao.wallet.DeviceForm
import app.kabao.wallet.DeviceReport
import app.kabao.wallet.EraseRequest
import app.kabao.wallet.ExportRequest
import app.kabao.wallet.LimitsRequest
import app.kabao.wallet.PasswordDraft
import app.kabao.wallet.PaymentProof
import app.kabao.wallet.PersonProof
import app.kabao.wallet.PhoneChangeRequest
import app.kabao.wallet.PinResetProof
import app.kabao.wallet.PrecheckRequest
import app.kabao.wallet.ProofWay
import app.kabao.wallet.QuoteRequest
import app.kabao.wallet.RefundRequest
import app.kabao.wallet.RegisterRequest
import app.kabao.wallet.ReplaceProof
import app.kabao.wallet.SignInProof
import app.kabao.wallet.SignInRequest
import app.kabao.wallet.VerifyRequest

/** Makes the call of a journey that has this name. A name that is not known here fails the journey. */
class Calls(private val wallet: Wallet, private val language: Language) {
    suspend fun make(name: String, with: Arguments): Any? {
        val parts = listOf(::setUp, ::account, ::signing, ::person, ::cards, ::payments, ::limits, ::data)
        for (part in parts) {
            val gave = part(name, with)
            if (gave != NotMine) return gave
        }
        throw Written("no call is named $name")
    }

    private object NotMine

    private fun step(step: OnboardingStep): Map<String, Any?> {
        val said = step.words(language)
        return mapOf(
            "step" to step.kind,
            "reason" to step.reasonKey,
            "can_skip" to step.canSkip,
            "title" to said.title,
            "why" to said.why,
        )
    }

    private fun registration(with: Arguments) = RegisterRequest(with.text("phone"), with.text("device_model"))

    private fun proof(with: Arguments): ReplaceProof {
        val pin = with.maybeText("pin")
        val person =
            with.maybeText("name")?.let {
                PersonProof(it, with.text("id_number"), with.text("liveness_token"), with.maybeText("liveness_nonce"))
            }
        return ReplaceProof(pin, person)
    }

    /** A number that fits no time is refused by the wallet. */
    private fun seconds(number: Long): UInt = if (number in 0..UInt.MAX_VALUE.toLong()) number.toUInt() else UInt.MAX_VALUE

    private suspend fun setUp(name: String, with: Arguments): Any? =
        when (name) {
            "onboarding_next" -> step(wallet.account.onboardingNext())
            "skip" -> step(wallet.account.skip())
            "register" -> wallet.account.register(registration(with))
            "resend_otp" -> wallet.account.resendOtp()
            "enter_otp" -> wallet.account.enterOtp(with.text("code"))
            "replace_begin" -> wallet.account.replaceBegin(registration(with))
            "replace_otp" -> wallet.account.replaceOtp(with.text("code"))
            "replace_prove" -> wallet.account.replaceProve(proof(with))
            "replace_new_pin" -> {
                val shown = proof(with)
                wallet.account.replaceNewPin(PinResetProof(shown.pin.orEmpty(), shown.person))
            }
            "replace_check" -> wallet.account.replaceCheck()
            "replace_face_begin" -> wallet.account.replaceFaceBegin()
            "renew_approval_begin" -> wallet.account.renewApprovalBegin()
            "renew_approval" -> wallet.account.renewApproval(with.text("code"), with.text("pin"))
            "choose_pin" -> wallet.account.choosePin(with.text("pin"))
            "make_recovery_sheet" -> wallet.account.makeRecoverySheet()
            "confirm_recovery_sheet" -> wallet.account.confirmRecoverySheet(with.text("code"), with.maybeText("pin"))
            "account" -> wallet.account.view()
            "account_refresh" -> wallet.account.refresh()
            "lock" -> wallet.lock()
            "unlock" -> wallet.unlock()
            "touch" -> wallet.touch()
            "lock_after" -> wallet.lockAfter()
            "set_lock_after" -> wallet.setLockAfter(with.number("seconds")?.let { seconds(it) })
            "suspend" -> wallet.suspendNow()
            "close" -> wallet.shutDown()
            else -> NotMine
        }

    private suspend fun account(name: String, with: Arguments): Any? =
        when (name) {
            "change_phone_begin" ->
                wallet.account.changePhoneBegin(
                    PhoneChangeRequest(with.text("phone"), with.flag("old_number_reachable")),
                )
            "change_phone_send" -> wallet.account.changePhoneSend()
            "change_phone_otp" -> wallet.account.changePhoneOtp(with.text("code"))
            "change_phone_prove" -> wallet.account.changePhoneProve(proof(with))
            "change_phone_check" -> wallet.account.changePhoneCheck()
            "change_phone_standing" -> wallet.account.changePhoneStanding() ?: mapOf("state" to "none")
            "change_phone_cancel" -> wallet.account.changePhoneCancel()
            "pin_reset_begin" -> wallet.account.pinResetBegin()
            "pin_reset_otp" -> wallet.account.pinResetOtp(with.text("code"))
            "pin_reset_finish" -> {
                val shown = proof(with)
                wallet.account.pinResetFinish(PinResetProof(shown.pin.orEmpty(), shown.person))
            }
            "pin_reset_check" -> wallet.account.pinResetCheck()
            "pin_reset_standing" -> wallet.account.pinResetStanding() ?: mapOf("state" to "none")
            "pin_reset_cancel" -> wallet.account.pinResetCancel()
            "contacts" -> wallet.account.contacts()
            "contacts_refresh" -> wallet.account.contactsRefresh()
            "contact_add" -> {
                val kind = ContactKind.valueOf(with.text("kind").uppercase())
                wallet.account.contactAdd(ContactRequest(kind, with.text("address")))
            }
            "contact_send_code" -> wallet.account.contactSendCode(with.text("contact_id"))
            "contact_confirm" -> wallet.account.contactConfirm(with.text("contact_id"), with.text("code"))
            "contact_remove" -> wallet.account.contactRemove(with.text("contact_id"), with.maybeText("pin"))
            "closure" -> wallet.account.closure()
            "close_account" -> wallet.account.closeAccount(with.maybeText("pin"), with.flag("confirmed"))
            "reopen_account" -> wallet.account.reopenAccount()
            "erase_closed" -> wallet.account.eraseClosed(with.flag("confirmed"))
            else -> NotMine
        }

    private suspend fun signing(name: String, with: Arguments): Any? =
        when (name) {
            "password_strength" ->
                wallet.account.passwordStrength(
                    PasswordDraft(
                        with.text("password"),
                        with.maybeText("birth_date"),
                        with.maybeText("name_letters"),
                        with.maybeText("id_tail"),
                    ),
                )
            "set_password" -> wallet.account.setPassword(with.text("password"), with.maybeText("pin"))
            "change_password" -> wallet.account.changePassword(with.text("old"), with.text("password"))
            "security" -> wallet.account.security()
            "security_refresh" -> wallet.account.securityRefresh()
            "factor_begin" -> wallet.account.factorBegin()
            "factor_confirm" -> mapOf("backup_codes" to wallet.account.factorConfirm(with.text("code")).codes)
            "backup_codes" -> mapOf("backup_codes" to wallet.account.backupCodes(with.text("code")).codes)
            "factor_off" -> wallet.account.factorOff(with.text("code"))
            "devices" -> wallet.account.devices()
            "devices_known" -> wallet.account.devicesKnown()
            "describe_device" -> {
                val form = DeviceForm.valueOf(with.text("form").uppercase())
                val parts = with.texts("capabilities").map { DeviceCapability.valueOf(it.uppercase()) }
                wallet.account.describeDevice(DeviceReport(form, parts))
            }
            "device_steps" -> wallet.account.deviceSteps()
            "sign_out_device" -> wallet.account.signOutDevice(with.text("device_id"))
            "sign_out" -> wallet.account.signOut()
            "finish_sign_out" -> wallet.account.finishSignOut()
            "sign_in_begin" -> {
                val form = with.maybeText("form")?.let { DeviceForm.valueOf(it.uppercase()) } ?: DeviceForm.PHONE
                wallet.account.signInBegin(SignInRequest(with.text("phone"), with.text("device_model"), form))
            }
            "sign_in_otp" -> wallet.account.signInOtp(with.text("code"))
            "sign_in_prove" -> {
                val (password, pin) = with.maybeText("password") to with.maybeText("pin")
                wallet.account.signInProve(SignInProof(password, pin, with.maybeText("factor_code")))
            }
            "sign_in_check" -> wallet.account.signInCheck()
            else -> NotMine
        }

    /** The lines of a passport have name and number. */
    private fun person(with: Arguments, token: String): VerifyRequest {
        val lines = with.has("mrz")
        return VerifyRequest(
            name = if (lines) with.maybeText("name").orEmpty() else with.text("name"),
            idNumber = if (lines) with.maybeText("id_number").orEmpty() else with.text("id_number"),
            livenessToken = token,
            document = with.maybeText("document")?.let { DocumentKind.valueOf(it.uppercase()) },
            birthDate = with.maybeText("birth_date"),
            expiresOn = with.maybeText("expires_on"),
            nationality = with.maybeText("nationality"),
            mrz = with.maybeText("mrz"),
            livenessNonce = with.maybeText("liveness_nonce"),
            guardianCode = with.maybeText("guardian_code"),
        )
    }

    private suspend fun person(name: String, with: Arguments): Any? =
        when (name) {
            "consent_text" -> wallet.identity.consentText()
            "consent" -> wallet.identity.consent(with.text("version"))
            "verify" -> wallet.identity.verify(person(with, with.text("liveness_token")))
            "read_form" -> wallet.identity.readForm(person(with, ""))
            "verify_check" -> wallet.identity.check()
            "documents" -> wallet.identity.documents()
            "face_begin" -> wallet.identity.faceBegin()
            "identity" -> wallet.identity.view()
            "remedies" -> wallet.identity.remedies()
            "classes" -> wallet.identity.classes()
            "ask_source" -> wallet.identity.askSource(with.text("source"))
            "guardian_code" -> wallet.identity.guardianCode()
            else -> NotMine
        }

    private fun card(with: Arguments): BindRequest =
        BindRequest(
            with.text("card_number"),
            with.text("name"),
            with.text("phone"),
            with.maybeText("expiry"),
            with.maybeText("cvv"),
            with.maybeText("bank"),
        )

    private suspend fun cards(name: String, with: Arguments): Any? =
        when (name) {
            "card_look" -> wallet.cards.look(with.text("card_number"))
            "card_beginnings" -> wallet.cards.beginnings()
            "card_beginnings_refresh" -> wallet.cards.refreshBeginnings()
            "bind" -> wallet.cards.bind(card(with))
            "bind_doubts" -> wallet.cards.doubts(card(with))
            "card_replace" -> wallet.cards.replace(with.text("card_id"), card(with))
            "bind_confirm" -> wallet.cards.confirm(with.text("binding_id"), with.text("code"))
            "bindings_waiting" -> wallet.cards.waiting()
            "bindings_resume" -> wallet.cards.resume()
            "card_unbind" -> wallet.cards.unbind(with.text("card_id"), with.text("pin"))
            "cards" -> wallet.cards.list()
            "cards_earlier" -> wallet.cards.earlier()
            "cards_refresh" -> wallet.cards.refresh()
            "sources" -> wallet.cards.sources()
            "source_default" -> wallet.cards.setDefault(with.maybeText("source"))
            "sources_order" -> wallet.cards.order(with.texts("sources"))
            else -> NotMine
        }

    private fun confirmation(with: Arguments): ConfirmRequest {
        val proof = with.maybeText("pin")?.let { PaymentProof.Pin(it) } ?: PaymentProof.Approval
        val total = with.number("total_minor") ?: throw Written("total_minor is missing")
        return ConfirmRequest(with.text("quote_id"), total, with.text("source"), proof, with.flag("again"))
    }

    private suspend fun showing(with: Arguments): Map<String, Any?> {
        val shown = wallet.pay.showing(with.text("showing_id"))
        return mapOf("state" to shown.state, "state_text" to shown.state.words(language), "record_id" to shown.recordId)
    }

    private suspend fun payments(name: String, with: Arguments): Any? =
        when (name) {
            "read" -> wallet.pay.read(with.text("text"))
            "tap" -> wallet.pay.tap(with.bytes("tag"))
            "quote_top_up" -> wallet.pay.quote(QuoteRequest.TopUp(with.text("amount"), with.text("card_id")))
            "quote_withdraw" -> wallet.pay.quote(QuoteRequest.Withdraw(with.text("amount"), with.text("card_id")))
            "bank_transfer_details" -> wallet.pay.bankTransferDetails()
            "payee_by_phone" -> wallet.pay.payeeByPhone(with.text("phone"), with.maybeText("name_begins"))
            "quote_transfer" -> {
                val (payee, amount) = with.text("payee_id") to with.text("amount")
                val delay = (with.number("delay_ms") ?: 0L).toUInt()
                wallet.pay.quote(QuoteRequest.Transfer(payee, amount, delay))
            }
            "transfer" -> wallet.pay.transfer(with.text("intent_id"))
            "cancel_transfer" -> wallet.pay.cancelTransfer(with.text("intent_id"))
            "quote_pay" -> {
                val (payee, amount) = with.text("payee_id") to with.text("amount")
                wallet.pay.quote(QuoteRequest.Pay(payee, amount, with.maybeText("order")))
            }
            "quote_ask" -> wallet.pay.quote(QuoteRequest.Ask(with.text("ask_id")))
            "quote_other_source" -> wallet.pay.quoteOtherSource(with.text("intent_id"), with.maybeText("card_id"))
            "confirm" -> wallet.pay.confirm(confirmation(with))
            "payment" -> wallet.pay.payment(with.text("intent_id"))
            "open_payments" -> wallet.pay.openPayments()
            "resolve" -> wallet.pay.resolve(with.text("intent_id"))
            "abandon" -> wallet.pay.abandon(with.text("intent_id"))
            "ways" -> wallet.pay.ways()
            "prepare_codes" -> mapOf("codes_left" to wallet.pay.prepareCodes())
            "show_code" -> wallet.pay.showCode(with.text("way"))
            "next_picture" -> wallet.pay.nextPicture(with.text("showing_id"), with.text("way"))
            "showing" -> showing(with)
            "asks" -> wallet.pay.asks()
            "decline" -> wallet.pay.decline(with.text("ask_id"))
            "codes" -> wallet.pay.codes()
            "codes_refresh" -> wallet.pay.refreshCodes()
            "receipt" -> wallet.pay.receipt(with.text("record_id"))
            "history" -> wallet.history.list(with.maybeText("cursor"))
            "detail" -> wallet.history.detail(with.text("record_id"))
            "month" -> wallet.history.month(with.number("month")?.toInt())
            "refunds" -> wallet.history.refunds(with.text("record_id"))
            "ask_refund" -> wallet.history.askRefund(RefundRequest(with.text("record_id"), with.maybeText("amount"), with.text("reason")))
            "duplicates" -> wallet.history.duplicates()
            "claim_duplicate" -> wallet.history.claimDuplicate(with.text("record_id"), with.text("other_id"))
            "keep_both" -> wallet.history.keepBoth(with.text("record_id"), with.text("other_id"), with.flag("always"))
            "sync" -> wallet.history.sync()
            "verify_all" -> wallet.history.verify()
            else -> NotMine
        }

    private suspend fun limits(name: String, with: Arguments): Any? =
        when (name) {
            "wallet_profile" -> wallet.operator.walletProfile()
            "wallet_profile_refresh" -> wallet.operator.refreshProfile()
            "limits" -> {
                val (amount, channel) = with.maybeText("amount") to with.maybeText("channel")
                wallet.limits.limitsExplained(LimitsRequest(amount, channel, with.maybeText("source")))
            }
            "limits_refresh" -> wallet.limits.refresh()
            "max_allowed_now" ->
                mapOf("most" to wallet.limits.maxAllowedNow(with.text("channel"), with.maybeText("source")))
            "precheck" -> {
                val (amount, channel) = with.text("amount") to with.text("channel")
                val whom = with.maybeText("payee_id") to with.maybeText("payee_name")
                val proof = with.maybeText("proof")?.let { ProofWay.valueOf(it.uppercase()) }
                wallet.limits.precheck(
                    PrecheckRequest(
                        amount, channel, with.maybeText("source"), whom.first, whom.second, with.maybeText("order"), proof,
                    ),
                )
            }
            "balance" -> wallet.limits.balance()
            "ready_to_pay" -> wallet.limits.readyToPay()
            "own_caps" -> {
                val (single, day) = with.maybeText("single") to with.maybeText("day")
                wallet.limits.setOwnCaps(single, day, with.maybeText("pin"))
            }
            "rules" -> wallet.limits.rules()
            "rules_refresh" -> wallet.limits.refreshRules()
            else -> NotMine
        }

    private suspend fun data(name: String, with: Arguments): Any? =
        when (name) {
            "inventory" -> wallet.data.inventory()
            "fields" -> wallet.data.fields()
            "consents" -> wallet.data.consents()
            "consents_refresh" -> wallet.data.refreshConsents()
            "consent_document" -> wallet.data.consentText(with.text("document"))
            "give_consent" -> wallet.data.giveConsent(with.text("document"), with.text("version"))
            "withdraw_consent" -> wallet.data.withdrawConsent(with.text("document"))
            "export" ->
                wallet.data.export(ExportRequest(with.text("folder"), with.number("room_bytes")?.toULong()))
            "export_progress" -> wallet.data.exportProgress() ?: Unit
            "erase_word" -> mapOf("word" to wallet.data.eraseWord())
            "erase_this_phone" ->
                wallet.data.eraseThisPhone(EraseRequest(with.text("word"), with.flag("despite_open")))
            else -> NotMine
        }
}
