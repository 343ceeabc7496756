import Foundation
import KabaoKit

/// Makes the call of a journey that has this name. A name that is not known here fails the journey.
struct Calls {
    let wallet: Wallet
    let language: Language

    func make(_ name: String, _ with: Arguments) async throws -> Any {
        for part in [setUp, account, signing, person, cards, payments, history, limits, data] {
            if let gave = try await part(name, with) { return gave }
        }
        throw Written("no call is named \(name)")
    }

    private func step(_ step: OnboardingStep) -> JSON {
        let said = step.words(in: language)
        return .object([
            "step": shape(step.kind), "reason": shape(step.reasonKey as Any), "can_skip": .bool(step.canSkip),
            "title": .text(said.title), "why": .text(said.why),
        ])
    }

    private func registration(_ with: Arguments) throws -> RegisterRequest {
        RegisterRequest(phone: try with.text("phone"), deviceModel: try with.text("device_model"))
    }

    private func proof(_ with: Arguments) throws -> ReplaceProof {
        let pin = with.maybeText("pin")
        let person = try with.maybeText("name").map {
            PersonProof(
                name: $0, idNumber: try with.text("id_number"), livenessToken: try with.text("liveness_token"),
                livenessNonce: with.maybeText("liveness_nonce"))
        }
        return ReplaceProof(pin: pin, person: person)
    }

    private func part(_ name: String) throws -> DeviceCapability {
        switch name {
        case "camera": .camera
        case "nfc": .nfc
        case "secure_element": .secureElement
        case "biometrics": .biometrics
        case "sim": .sim
        default: throw Written("no part of a device is named \(name)")
        }
    }

    private func resetProof(_ with: Arguments) throws -> PinResetProof {
        let shown = try proof(with)
        return PinResetProof(pin: shown.pin ?? "", person: shown.person)
    }

    private func setUp(_ name: String, _ with: Arguments) async throws -> Any? {
        switch name {
        case "onboarding_next": step(try await wallet.account.onboardingNext())
        case "skip": step(try await wallet.account.skip())
        case "register": try await wallet.account.register(request: registration(with))
        case "resend_otp": try await wallet.account.resendOtp()
        case "enter_otp": try await wallet.account.enterOtp(code: with.text("code"))
        case "replace_begin": try await wallet.account.replaceBegin(request: registration(with))
        case "replace_otp": try await wallet.account.replaceOtp(code: with.text("code"))
        case "replace_prove": try await wallet.account.replaceProve(proof: proof(with))
        case "replace_new_pin": try await wallet.account.replaceNewPin(proof: resetProof(with))
        case "replace_check": try await wallet.account.replaceCheck()
        case "replace_face_begin": try await wallet.account.replaceFaceBegin()
        case "renew_approval_begin": try await wallet.account.renewApprovalBegin()
        case "renew_approval": try await wallet.account.renewApproval(code: with.text("code"), pin: with.text("pin"))
        case "choose_pin": try await wallet.account.choosePin(pin: with.text("pin"))
        case "make_recovery_sheet": try await wallet.account.makeRecoverySheet()
        case "confirm_recovery_sheet": try await wallet.account.confirmRecoverySheet(typed: with.text("code"), pin: with.maybeText("pin"))
        case "account": try await wallet.account.view()
        case "account_refresh": try await wallet.account.refresh()
        case "lock": try await wallet.lock()
        case "unlock": try await wallet.unlock()
        case "touch": wallet.touch()
        case "lock_after": try await wallet.lockAfter()
        // A number that fits no time is refused by the wallet.
        case "set_lock_after": try await wallet.setLockAfter(with.number("seconds").map { UInt32(exactly: $0) ?? .max })
        case "suspend": try await wallet.suspend()
        case "close": try await wallet.shutDown()
        default: nil
        }
    }

    private func account(_ name: String, _ with: Arguments) async throws -> Any? {
        switch name {
        case "change_phone_begin":
            try await wallet.account.changePhoneBegin(
                request: PhoneChangeRequest(phone: with.text("phone"), oldNumberReachable: with.flag("old_number_reachable")))
        case "change_phone_send": try await wallet.account.changePhoneSend()
        case "change_phone_otp": try await wallet.account.changePhoneOtp(code: with.text("code"))
        case "change_phone_prove": try await wallet.account.changePhoneProve(proof: proof(with))
        case "change_phone_check": try await wallet.account.changePhoneCheck()
        case "change_phone_standing":
            try await wallet.account.changePhoneStanding().map { shape($0) } ?? JSON.object(["state": .text("none")])
        case "change_phone_cancel": try await wallet.account.changePhoneCancel()
        case "pin_reset_begin": try await wallet.account.pinResetBegin()
        case "pin_reset_otp": try await wallet.account.pinResetOtp(code: with.text("code"))
        case "pin_reset_finish": try await wallet.account.pinResetFinish(proof: resetProof(with))
        case "pin_reset_check": try await wallet.account.pinResetCheck()
        case "pin_reset_standing":
            try await wallet.account.pinResetStanding().map { shape($0) } ?? JSON.object(["state": .text("none")])
        case "pin_reset_cancel": try await wallet.account.pinResetCancel()
        case "contacts": try await wallet.account.contacts()
        case "contacts_refresh": try await wallet.account.contactsRefresh()
        case "contact_add":
            try await wallet.account.contactAdd(
                request: ContactRequest(
                    kind: with.choice("kind", of: ContactKind.self) ?? .phone, address: with.text("address")))
        case "contact_send_code": try await wallet.account.contactSendCode(contactId: with.text("contact_id"))
        case "contact_confirm":
            try await wallet.account.contactConfirm(contactId: with.text("contact_id"), code: with.text("code"))
        case "contact_remove":
            try await wallet.account.contactRemove(contactId: with.text("contact_id"), pin: with.maybeText("pin"))
        case "closure": try await wallet.account.closure()
        case "close_account":
            try await wallet.account.closeAccount(pin: with.maybeText("pin"), confirmed: with.flag("confirmed"))
        case "reopen_account": try await wallet.account.reopenAccount()
        case "erase_closed": try await wallet.account.eraseClosed(confirmed: with.flag("confirmed"))
        default: nil
        }
    }

    private func backup(_ codes: BackupCodes) -> JSON { .object(["backup_codes": shape(codes.codes)]) }

    private func signing(_ name: String, _ with: Arguments) async throws -> Any? {
        switch name {
        case "password_strength":
            try await wallet.account.passwordStrength(
                draft: PasswordDraft(
                    password: with.text("password"), birthDate: with.maybeText("birth_date"),
                    nameLetters: with.maybeText("name_letters"), idTail: with.maybeText("id_tail")))
        case "set_password":
            try await wallet.account.setPassword(password: with.text("password"), pin: with.maybeText("pin"))
        case "change_password":
            try await wallet.account.changePassword(old: with.text("old"), password: with.text("password"))
        case "security": try await wallet.account.security()
        case "security_refresh": try await wallet.account.securityRefresh()
        case "factor_begin": try await wallet.account.factorBegin()
        case "factor_confirm": backup(try await wallet.account.factorConfirm(code: with.text("code")))
        case "backup_codes": backup(try await wallet.account.backupCodes(code: with.text("code")))
        case "factor_off": try await wallet.account.factorOff(code: with.text("code"))
        case "devices": try await wallet.account.devices()
        case "devices_known": try await wallet.account.devicesKnown()
        case "describe_device":
            try await wallet.account.describeDevice(
                report: DeviceReport(
                    form: with.choice("form", of: DeviceForm.self) ?? .other,
                    capabilities: with.texts("capabilities").map(part)))
        case "device_steps": try await wallet.account.deviceSteps()
        case "sign_out_device": try await wallet.account.signOutDevice(deviceId: with.text("device_id"))
        case "sign_out": try await wallet.account.signOut()
        case "finish_sign_out": try await wallet.account.finishSignOut()
        case "sign_in_begin":
            try await wallet.account.signInBegin(
                request: SignInRequest(
                    phone: with.text("phone"), deviceModel: with.text("device_model"),
                    form: with.choice("form", of: DeviceForm.self) ?? .phone))
        case "sign_in_otp": try await wallet.account.signInOtp(code: with.text("code"))
        case "sign_in_prove":
            try await wallet.account.signInProve(
                proof: SignInProof(
                    password: with.maybeText("password"), pin: with.maybeText("pin"),
                    factorCode: with.maybeText("factor_code")))
        case "sign_in_check": try await wallet.account.signInCheck()
        default: nil
        }
    }

    /// The lines of a passport have name and number.
    private func form(_ with: Arguments, token: String) throws -> VerifyRequest {
        let lines = with.has("mrz")
        return VerifyRequest(
            name: lines ? with.maybeText("name") ?? "" : try with.text("name"),
            idNumber: lines ? with.maybeText("id_number") ?? "" : try with.text("id_number"), livenessToken: token,
            document: try with.choice("document", of: DocumentKind.self), birthDate: with.maybeText("birth_date"),
            expiresOn: with.maybeText("expires_on"), nationality: with.maybeText("nationality"), mrz: with.maybeText("mrz"),
            livenessNonce: with.maybeText("liveness_nonce"), guardianCode: with.maybeText("guardian_code"))
    }

    private func person(_ name: String, _ with: Arguments) async throws -> Any? {
        switch name {
        case "consent_text": try await wallet.identity.consentText()
        case "consent": try await wallet.identity.consent(version: with.text("version"))
        case "verify": try await wallet.identity.verify(request: form(with, token: with.text("liveness_token")))
        case "read_form": try wallet.identity.readForm(request: form(with, token: ""))
        case "verify_check": try await wallet.identity.check()
        case "documents": wallet.identity.documents()
        case "face_begin": try await wallet.identity.faceBegin()
        case "identity": try await wallet.identity.view()
        case "remedies": wallet.identity.remedies()
        case "classes": try await wallet.identity.classes()
        case "ask_source": try await wallet.identity.askSource(source: with.text("source"))
        case "guardian_code": try await wallet.identity.guardianCode()
        default: nil
        }
    }

    private func card(_ with: Arguments) throws -> BindRequest {
        BindRequest(
            cardNumber: try with.text("card_number"), name: try with.text("name"), phone: try with.text("phone"),
            expiry: with.maybeText("expiry"), cvv: with.maybeText("cvv"), bank: with.maybeText("bank"))
    }

    private func cards(_ name: String, _ with: Arguments) async throws -> Any? {
        switch name {
        case "card_look": wallet.cards.look(number: try with.text("card_number"))
        case "card_beginnings": try await wallet.cards.beginnings()
        case "card_beginnings_refresh": try await wallet.cards.refreshBeginnings()
        case "bind": try await wallet.cards.bind(request: card(with))
        case "bind_doubts": try await wallet.cards.doubts(request: card(with))
        case "card_replace": try await wallet.cards.replace(oldCardId: with.text("card_id"), request: card(with))
        case "bind_confirm": try await wallet.cards.confirm(bindingId: with.text("binding_id"), code: with.text("code"))
        case "bindings_waiting": try await wallet.cards.waiting()
        case "bindings_resume": try await wallet.cards.resume()
        case "card_unbind": try await wallet.cards.unbind(cardId: with.text("card_id"), pin: with.text("pin"))
        case "cards": try await wallet.cards.list()
        case "cards_earlier": try await wallet.cards.earlier()
        case "cards_refresh": try await wallet.cards.refresh()
        case "sources": try await wallet.cards.sources()
        case "source_default": try await wallet.cards.setDefault(source: with.maybeText("source"))
        case "sources_order": try await wallet.cards.order(sources: with.texts("sources"))
        default: nil
        }
    }

    private func confirmation(_ with: Arguments) throws -> ConfirmRequest {
        let proof = with.maybeText("pin").map { PaymentProof.pin(pin: $0) } ?? .approval
        guard let total = with.number("total_minor") else { throw Written("total_minor is missing") }
        return ConfirmRequest(
            quoteId: try with.text("quote_id"), totalMinor: total, source: try with.text("source"), proof: proof,
            again: with.flag("again"))
    }

    private func showing(_ with: Arguments) async throws -> JSON {
        let shown = try await wallet.pay.showing(showingId: with.text("showing_id"))
        return .object([
            "state": shape(shown.state), "state_text": .text(shown.state.words(in: language)),
            "record_id": shape(shown.recordId as Any),
        ])
    }

    private func payments(_ name: String, _ with: Arguments) async throws -> Any? {
        switch name {
        case "read": try await wallet.pay.read(text: with.text("text"))
        case "tap": try await wallet.pay.tap(ndef: with.bytes("tag"))
        case "quote_top_up":
            try await wallet.pay.quote(request: .topUp(amount: with.text("amount"), cardId: with.text("card_id")))
        case "quote_withdraw":
            try await wallet.pay.quote(request: .withdraw(amount: with.text("amount"), cardId: with.text("card_id")))
        case "bank_transfer_details": try await wallet.pay.bankTransferDetails()
        case "payee_by_phone":
            try await wallet.pay.payeeByPhone(phone: with.text("phone"), nameBegins: with.maybeText("name_begins"))
        case "quote_transfer":
            try await wallet.pay.quote(
                request: .transfer(
                    payeeId: with.text("payee_id"), amount: with.text("amount"), delayMs: UInt32(clamping: with.number("delay_ms") ?? 0)))
        case "transfer": try await wallet.pay.transfer(intentId: with.text("intent_id"))
        case "cancel_transfer": try await wallet.pay.cancelTransfer(intentId: with.text("intent_id"))
        case "quote_pay":
            try await wallet.pay.quote(
                request: .pay(payeeId: with.text("payee_id"), amount: with.text("amount"), order: with.maybeText("order")))
        case "quote_ask": try await wallet.pay.quote(request: .ask(askId: with.text("ask_id")))
        case "quote_other_source":
            try await wallet.pay.quoteOtherSource(intentId: with.text("intent_id"), cardId: with.maybeText("card_id"))
        case "confirm": try await wallet.pay.confirm(request: confirmation(with))
        case "payment": try await wallet.pay.payment(intentId: with.text("intent_id"))
        case "open_payments": try await wallet.pay.openPayments()
        case "resolve": try await wallet.pay.resolve(intentId: with.text("intent_id"))
        case "abandon": try await wallet.pay.abandon(intentId: with.text("intent_id"))
        case "ways": try await wallet.pay.ways()
        case "prepare_codes": JSON.object(["codes_left": shape(try await wallet.pay.prepareCodes())])
        case "show_code": try await wallet.pay.showCode(way: with.text("way"))
        case "next_picture": try await wallet.pay.nextPicture(showingId: with.text("showing_id"), way: with.text("way"))
        case "showing": try await showing(with)
        case "asks": try await wallet.pay.asks()
        case "decline": try await wallet.pay.decline(askId: with.text("ask_id"))
        case "codes": try await wallet.pay.codes()
        case "codes_refresh": try await wallet.pay.refreshCodes()
        case "receipt": try await wallet.pay.receipt(recordId: with.text("record_id"))
        default: nil
        }
    }

    private func history(_ name: String, _ with: Arguments) async throws -> Any? {
        switch name {
        case "history": try await wallet.history.list(cursor: with.maybeText("cursor"))
        case "detail": try await wallet.history.detail(recordId: with.text("record_id"))
        case "month": try await wallet.history.month(month: with.number("month").map { Int32(clamping: $0) })
        case "refunds": try await wallet.history.refunds(recordId: with.text("record_id"))
        case "ask_refund":
            try await wallet.history.askRefund(
                request: RefundRequest(
                    recordId: with.text("record_id"), amount: with.maybeText("amount"), reason: with.text("reason")))
        case "duplicates": try await wallet.history.duplicates()
        case "claim_duplicate":
            try await wallet.history.claimDuplicate(recordId: with.text("record_id"), otherId: with.text("other_id"))
        case "keep_both":
            try await wallet.history.keepBoth(
                recordId: with.text("record_id"), otherId: with.text("other_id"), always: with.flag("always"))
        case "sync": try await wallet.history.sync()
        case "verify_all": try await wallet.history.verify()
        default: nil
        }
    }

    private func limits(_ name: String, _ with: Arguments) async throws -> Any? {
        switch name {
        case "wallet_profile": try await wallet.operator.walletProfile()
        case "wallet_profile_refresh": try await wallet.operator.refreshProfile()
        case "limits":
            try await wallet.limits.limitsExplained(
                request: LimitsRequest(
                    amount: with.maybeText("amount"), channel: with.maybeText("channel"), source: with.maybeText("source")))
        case "limits_refresh": try await wallet.limits.refresh()
        case "max_allowed_now":
            JSON.object([
                "most": shape(
                    try await wallet.limits.maxAllowedNow(channel: with.text("channel"), source: with.maybeText("source"))
                        as Any)
            ])
        case "precheck":
            try await wallet.limits.precheck(
                request: PrecheckRequest(
                    amount: with.text("amount"), channel: with.text("channel"), source: with.maybeText("source"),
                    payeeId: with.maybeText("payee_id"), payeeName: with.maybeText("payee_name"),
                    order: with.maybeText("order"),
                    proof: with.maybeText("proof").map { $0 == "pin" ? .pin : .approval }))
        case "balance": try await wallet.limits.balance()
        case "ready_to_pay": try await wallet.limits.readyToPay()
        case "own_caps":
            try await wallet.limits.setOwnCaps(
                single: with.maybeText("single"), day: with.maybeText("day"), pin: with.maybeText("pin"))
        case "rules": try await wallet.limits.rules()
        case "rules_refresh": try await wallet.limits.refreshRules()
        default: nil
        }
    }

    private func data(_ name: String, _ with: Arguments) async throws -> Any? {
        switch name {
        case "inventory": try await wallet.data.inventory()
        case "fields": wallet.data.fields()
        case "consents": try await wallet.data.consents()
        case "consents_refresh": try await wallet.data.refreshConsents()
        case "consent_document": try await wallet.data.consentText(document: with.text("document"))
        case "give_consent":
            try await wallet.data.giveConsent(document: with.text("document"), version: with.text("version"))
        case "withdraw_consent": try await wallet.data.withdrawConsent(document: with.text("document"))
        case "export":
            try await wallet.data.export(
                request: ExportRequest(
                    folder: with.text("folder"), roomBytes: with.number("room_bytes").map { UInt64(clamping: $0) }))
        case "export_progress": wallet.data.exportProgress().map { shape($0) } ?? JSON.object([:])
        case "erase_word": JSON.object(["word": .text(wallet.data.eraseWord())])
        case "erase_this_phone":
            try await wallet.data.eraseThisPhone(
                request: EraseRequest(word: with.text("word"), despiteOpen: with.flag("despite_open")))
        default: nil
        }
    }
}
