import Foundation
import KabaoKit
import Security

/// Small secrets in the Keychain: readable once the phone was unlocked since it started, on this device only, not
/// synchronised and in no backup. Called from the wallet's threads.
public final class KeychainSecrets: SecretStore {
    private let service: String

    /// `service` names the wallet; two wallets of one phone have two.
    public init(service: String) { self.service = service }

    private func query(_ name: String, _ more: [String: Any] = [:]) -> CFDictionary {
        let item: [String: Any] = [
            kSecClass as String: kSecClassGenericPassword,
            kSecAttrService as String: service,
            kSecAttrAccount as String: name,
            kSecAttrSynchronizable as String: false,
            kSecUseDataProtectionKeychain as String: true,
        ]
        return item.merging(more) { $1 } as CFDictionary
    }

    public func load(name: String) throws -> Data? {
        var item: CFTypeRef?
        let more: [String: Any] = [kSecReturnData as String: true, kSecMatchLimit as String: kSecMatchLimitOne]
        switch SecItemCopyMatching(query(name, more), &item) {
        case errSecSuccess:
            guard let value = item as? Data else { throw HostError.Failed }
            return value
        case errSecItemNotFound: return nil
        case let status: throw hostError(status)
        }
    }

    public func store(name: String, value: Data) throws {
        let change: [String: Any] = [kSecValueData as String: value]
        var status = SecItemUpdate(query(name), change as CFDictionary)
        if status == errSecItemNotFound {
            let kept: [String: Any] = [kSecAttrAccessible as String: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly]
            status = SecItemAdd(query(name, change.merging(kept) { $1 }), nil)
        }
        guard status == errSecSuccess else { throw hostError(status) }
    }

    public func remove(name: String) throws {
        let status = SecItemDelete(query(name))
        guard status == errSecSuccess || status == errSecItemNotFound else { throw hostError(status) }
    }
}

/// What a status of the Keychain means to the wallet. No text of the system goes on: it may name what was asked for.
func hostError(_ status: OSStatus) -> HostError {
    switch status {
    case errSecInteractionNotAllowed, errSecNotAvailable: .Unavailable
    case errSecItemNotFound: .Lost
    case errSecUserCanceled: .Cancelled
    default: .Failed
    }
}
