import Foundation
import KabaoKit
import LocalAuthentication
import Security

/// The two signing keys in the Secure Enclave. `device` signs without a question; `approve` asks for face or finger each
/// time, and is gone when a face or a finger is added. Called from the wallet's threads.
public final class EnclaveKeys: DeviceKeys {
    private let service: String
    private let reason: @Sendable () -> String

    /// `reason` is what the system shows while it asks for face or finger, in the person's language.
    public init(service: String, reason: @escaping @Sendable () -> String) { (self.service, self.reason) = (service, reason) }

    private func tag(_ role: KeyRole) -> Data { Data("\(service).\(role)".utf8) }

    private func query(_ role: KeyRole, _ more: [String: Any] = [:]) -> CFDictionary {
        let item: [String: Any] = [
            kSecClass as String: kSecClassKey,
            kSecAttrApplicationTag as String: tag(role),
            kSecAttrKeyType as String: kSecAttrKeyTypeECSECPrimeRandom,
        ]
        return item.merging(more) { $1 } as CFDictionary
    }

    public func make(role: KeyRole) throws -> Data {
        let removed = SecItemDelete(query(role))
        guard removed == errSecSuccess || removed == errSecItemNotFound else { throw hostError(removed) }
        let (when, flags): (CFString, SecAccessControlCreateFlags) =
            switch role {
            case .device: (kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, .privateKeyUsage)
            case .approve: (kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly, [.privateKeyUsage, .biometryCurrentSet])
            }
        var error: Unmanaged<CFError>?
        guard let access = SecAccessControlCreateWithFlags(nil, when, flags, &error) else { throw meaning(error) }
        let kept: [String: Any] = [
            kSecAttrIsPermanent as String: true,
            kSecAttrApplicationTag as String: tag(role),
            kSecAttrAccessControl as String: access,
        ]
        let asked: [String: Any] = [
            kSecAttrKeyType as String: kSecAttrKeyTypeECSECPrimeRandom,
            kSecAttrKeySizeInBits as String: 256,
            kSecAttrTokenID as String: kSecAttrTokenIDSecureEnclave,
            kSecPrivateKeyAttrs as String: kept,
        ]
        guard let key = SecKeyCreateRandomKey(asked as CFDictionary, &error) else { throw meaning(error) }
        return try point(key)
    }

    public func publicKey(role: KeyRole) throws -> Data? {
        try find(role, nil).map(point)
    }

    public func sign(role: KeyRole, text: Data) throws -> Data {
        let context = LAContext()
        context.localizedReason = reason()
        guard let key = try find(role, role == .approve ? context : nil) else { throw HostError.Lost }
        var error: Unmanaged<CFError>?
        let made = SecKeyCreateSignature(key, .ecdsaSignatureMessageX962SHA256, text as CFData, &error)
        guard let made else { throw meaning(error) }
        return made as Data
    }

    private func find(_ role: KeyRole, _ context: LAContext?) throws -> SecKey? {
        var more: [String: Any] = [kSecReturnRef as String: true, kSecMatchLimit as String: kSecMatchLimitOne]
        if let context { more[kSecUseAuthenticationContext as String] = context }
        var item: CFTypeRef?
        switch SecItemCopyMatching(query(role, more), &item) {
        case errSecSuccess:
            guard let item, CFGetTypeID(item) == SecKeyGetTypeID() else { throw HostError.Failed }
            // The type was looked at: types of Core Foundation have no conditional cast.
            return (item as! SecKey)
        case errSecItemNotFound: return nil
        case let status: throw hostError(status)
        }
    }

    /// The public point, 65 bytes, uncompressed.
    private func point(_ key: SecKey) throws -> Data {
        var error: Unmanaged<CFError>?
        guard let shown = SecKeyCopyPublicKey(key), let bytes = SecKeyCopyExternalRepresentation(shown, &error) else {
            throw meaning(error)
        }
        return bytes as Data
    }

    private func meaning(_ error: Unmanaged<CFError>?) -> HostError {
        guard let error = error?.takeRetainedValue() else { return .Failed }
        let code = CFErrorGetCode(error)
        guard CFErrorGetDomain(error) as String == LAError.errorDomain else { return hostError(OSStatus(truncatingIfNeeded: code)) }
        return switch LAError.Code(rawValue: code) {
        case .userCancel, .appCancel, .userFallback, .authenticationFailed: .Cancelled
        case .systemCancel, .biometryLockout, .notInteractive: .Unavailable
        default: .Failed
        }
    }
}
