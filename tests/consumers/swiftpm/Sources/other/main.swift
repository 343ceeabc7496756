import Foundation
import KabaoKit
import OtherVersion

private final class Nothing: SecretStore, DeviceKeys {
    struct NotAsked: Error {}
    func load(name: String) throws -> Data? { nil }
    func store(name: String, value: Data) throws {}
    func remove(name: String) throws {}
    func make(role: KeyRole) throws -> Data { throw NotAsked() }
    func publicKey(role: KeyRole) throws -> Data? { nil }
    func sign(role: KeyRole, text: Data) throws -> Data { throw NotAsked() }
}

precondition(other_version() == 1)
let nobody = ServiceSettings(url: "https://localhost:9", tlsCaPem: "", spkiPins: [], rootKey: "", guid: "", linkHost: nil)
for _ in 1...2 {
    do {
        let settings = WalletSettings(folder: "wallet", service: nobody, language: "en")
        _ = try await Wallet.open(settings, device: Device(secrets: Nothing(), keys: Nothing()))
    } catch let refused as WalletError {
        print("WalletError \(refused.failure.code)")
    } catch {
        print("\(type(of: error))")
    }
}
