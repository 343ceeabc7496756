import Foundation
import KabaoAdapters
import KabaoKit
import LocalAuthentication
import Security
import Testing

/// The adapters over a Keychain and an enclave in memory. What they ask of Apple is read from what was stored; that Apple
/// does it is seen on a phone only.
@Suite(.serialized) struct AdapterTests {
    let phone = TestPhone.shared
    let secrets = KeychainSecrets(service: "app.kabao.test")
    let keys = EnclaveKeys(service: "app.kabao.test") { "确认付款" }

    init() {
        phone.reset()
        phone.knowsContexts()
        phone.makeKey = {
            let key = devOnlySoftwareKeys(store: MemorySecrets())
            return ((try? key.make(role: .device)) ?? Data(), { (try? key.sign(role: .device, text: $0)) ?? Data() })
        }
    }

    @Test func aSecretIsKeptOnThisDeviceAloneAndForgotten() throws {
        #expect(try secrets.load(name: "file") == nil)
        try secrets.store(name: "file", value: Data([1, 2]))
        try secrets.store(name: "anchor", value: Data())
        try secrets.store(name: "file", value: Data([3]))
        #expect(try secrets.load(name: "file") == Data([3]) && secrets.load(name: "anchor") == Data())
        #expect(phone.stored.count == 2)
        for item in phone.stored {
            #expect(item[kSecAttrAccessible] as? String == kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly)
            #expect(item[kSecAttrSynchronizable] as? Bool == false && item[kSecAttrService] as? String == "app.kabao.test")
        }
        try secrets.remove(name: "file")
        try secrets.remove(name: "file")
        #expect(try secrets.load(name: "file") == nil && phone.stored.count == 1)
    }

    @Test func whatTheKeychainSaysIsNamedAndLeavesNoTextBehind() throws {
        let statuses: [(OSStatus, HostError)] = [
            (errSecInteractionNotAllowed, .Unavailable), (errSecNotAvailable, .Unavailable), (errSecUserCanceled, .Cancelled), (-1, .Failed),
        ]
        for (status, error) in statuses {
            phone.status = status
            #expect(throws: error) { try secrets.load(name: "file") }
            #expect(throws: error) { try secrets.store(name: "file", value: Data()) }
            #expect(throws: error) { try secrets.remove(name: "file") }
            #expect(throws: error) { try keys.publicKey(role: .device) }
            #expect(throws: error) { try keys.make(role: .approve) }
        }
    }

    @Test func theTwoKeysAreMadeInTheEnclaveAsTheirRolesAsk() throws {
        #expect(try keys.publicKey(role: .device) == nil)
        #expect(throws: HostError.Lost) { try keys.sign(role: .device, text: Data()) }
        let (device, approve) = (try keys.make(role: .device), try keys.make(role: .approve))
        #expect(device.count == 65 && device != approve)
        #expect(try keys.publicKey(role: .device) == device && keys.publicKey(role: .approve) == approve)
        let made = phone.stored.compactMap { $0[kSecAttrAccessControl] as? SecAccessControl }
        #expect(made.map(\.flags) == [.privateKeyUsage, [.privateKeyUsage, .biometryCurrentSet]])
        #expect(made.map(\.protection) == [kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly])
        #expect(try keys.make(role: .device) != device && phone.stored.count == 2)
    }

    @Test func aPaymentAsksForFaceOrFingerWithItsReasonAndARequestDoesNot() throws {
        _ = (try keys.make(role: .device), try keys.make(role: .approve))
        #expect(try !keys.sign(role: .device, text: Data([1])).isEmpty)
        #expect(phone.reasons.isEmpty)
        #expect(try !keys.sign(role: .approve, text: Data([1])).isEmpty)
        #expect(phone.reasons == ["确认付款"])
        let refusals: [(LAError.Code, HostError)] = [
            (.userCancel, .Cancelled), (.appCancel, .Cancelled), (.biometryLockout, .Unavailable), (.systemCancel, .Unavailable),
            (.invalidContext, .Failed),
        ]
        for (code, error) in refusals {
            phone.refusal = CFError(domain: LAError.errorDomain, code: code.rawValue)
            #expect(throws: error) { try keys.sign(role: .approve, text: Data([1])) }
        }
        phone.enrol()
        #expect(throws: HostError.Lost) { try keys.sign(role: .approve, text: Data([1])) }
        #expect(try keys.publicKey(role: .approve) == nil && keys.publicKey(role: .device) != nil)
    }

    @Test(.timeLimit(.minutes(1))) func theWalletRegistersAndIsOpenedAgainWithThem() async throws {
        let (service, folder) = (try ReferenceService(), try Folder())
        let device = Device(secrets: secrets, keys: keys)
        let wallet = try await Wallet.open(service.file.settings(folder), device: device)
        _ = try await wallet.account.register(request: RegisterRequest(phone: "13912340278", deviceModel: "iPhone 20"))
        let code = try await service.code(for: "13912340278", from: "kabao")
        #expect(try await wallet.account.enterOtp(code: code).phoneMasked == "139****0278")
        try await wallet.shutDown()
        let again = try await Wallet.open(service.file.settings(folder), device: device)
        #expect(try await again.account.onboardingNext().kind == .choosePin)
        try await again.shutDown()
        phone.reset()
        #expect(try await refusal { try await Wallet.open(service.file.settings(folder), device: device) }.code == "key_lost")
    }
}
