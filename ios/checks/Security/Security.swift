// A stand-in for Apple's Security on Linux: what the adapters use, with Apple's names, over a store in memory. Types of
// Core Foundation are those of Foundation, so that a missing `as String` is not seen here.

@_exported import Foundation

public typealias OSStatus = Int32
public typealias CFString = String
public typealias CFData = Data
public typealias CFDictionary = [String: Any]
public typealias CFTypeRef = AnyObject
public typealias CFTypeID = UInt
public typealias CFIndex = Int
public typealias CFAllocator = NSObject

public let errSecSuccess: OSStatus = 0
public let errSecItemNotFound: OSStatus = -25300
public let errSecDuplicateItem: OSStatus = -25299
public let errSecInteractionNotAllowed: OSStatus = -25308
public let errSecNotAvailable: OSStatus = -25291
public let errSecUserCanceled: OSStatus = -128
public let NSOSStatusErrorDomain = "NSOSStatusErrorDomain"
public let errSecParam: OSStatus = -50

public let kSecClass: CFString = "class"
public let kSecClassGenericPassword: CFString = "genp"
public let kSecClassKey: CFString = "keys"
public let kSecAttrService: CFString = "svce"
public let kSecAttrAccount: CFString = "acct"
public let kSecAttrSynchronizable: CFString = "sync"
public let kSecAttrAccessible: CFString = "pdmn"
public let kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly: CFString = "cku"
public let kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly: CFString = "akpu"
public let kSecUseDataProtectionKeychain: CFString = "nleg"
public let kSecUseAuthenticationContext: CFString = "u_AuthCtx"
public let kSecValueData: CFString = "v_Data"
public let kSecReturnData: CFString = "r_Data"
public let kSecReturnRef: CFString = "r_Ref"
public let kSecMatchLimit: CFString = "m_Limit"
public let kSecMatchLimitOne: CFString = "m_LimitOne"
public let kSecAttrApplicationTag: CFString = "atag"
public let kSecAttrKeyType: CFString = "type"
public let kSecAttrKeyTypeECSECPrimeRandom: CFString = "73"
public let kSecAttrKeySizeInBits: CFString = "bsiz"
public let kSecAttrTokenID: CFString = "tkid"
public let kSecAttrTokenIDSecureEnclave: CFString = "com.apple.setoken"
public let kSecPrivateKeyAttrs: CFString = "private"
public let kSecAttrIsPermanent: CFString = "perm"
public let kSecAttrAccessControl: CFString = "accc"

public final class CFError: Error, Sendable {
    let domain: String
    let code: Int
    public init(domain: String, code: Int) { (self.domain, self.code) = (domain, code) }
}

public func CFErrorGetDomain(_ error: CFError) -> CFString { error.domain }
public func CFErrorGetCode(_ error: CFError) -> CFIndex { error.code }

public struct SecAccessControlCreateFlags: OptionSet, Sendable {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
    public static let biometryCurrentSet = SecAccessControlCreateFlags(rawValue: 1 << 3)
    public static let privateKeyUsage = SecAccessControlCreateFlags(rawValue: 1 << 30)
}

public final class SecAccessControl: Sendable {
    public let protection: String
    public let flags: SecAccessControlCreateFlags
    init(_ protection: String, _ flags: SecAccessControlCreateFlags) { (self.protection, self.flags) = (protection, flags) }
}

/// Apple takes any object here; the constants are texts in this stand-in.
public func SecAccessControlCreateWithFlags(
    _ allocator: CFAllocator?, _ protection: CFString, _ flags: SecAccessControlCreateFlags, _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?
) -> SecAccessControl? { SecAccessControl(protection, flags) }

public struct SecKeyAlgorithm: Equatable, Sendable {
    let name: String
    public static let ecdsaSignatureMessageX962SHA256 = SecKeyAlgorithm(name: "ecdsa-message-x962-sha256")
}

/// A key of the stand-in's enclave, or its public half.
public final class SecKey: @unchecked Sendable {
    let point: Data
    let sign: ((Data) -> Data)?
    let access: SecAccessControl?
    let context: AnyObject?
    init(_ point: Data, _ sign: ((Data) -> Data)?, _ access: SecAccessControl?, _ context: AnyObject? = nil) {
        (self.point, self.sign, self.access, self.context) = (point, sign, access, context)
    }
}

public func CFGetTypeID(_ object: CFTypeRef) -> CFTypeID { object is SecKey ? 1 : 0 }
public func SecKeyGetTypeID() -> CFTypeID { 1 }

/// The phone of a test: its Keychain, its enclave, and the person in front of it.
public final class TestPhone: @unchecked Sendable {
    public static let shared = TestPhone()
    private let lock = NSLock()
    private var items: [[String: Any]] = []

    /// Makes a key: the point and how it signs. The enclave of a test has no key of its own.
    public var makeKey: () -> (point: Data, sign: (Data) -> Data) = { (Data(), { _ in Data() }) }
    /// What every call gives, when it is not success: a phone that was not unlocked since it started.
    public var status = errSecSuccess
    /// What the person does when asked for face or finger; nothing lets it pass.
    public var refusal: CFError?
    /// The reasons that were shown to the person.
    public var reasons: [String] = []
    /// Reads the reason of a context; the module of contexts sets it.
    public var reasonOf: (AnyObject) -> String? = { _ in nil }

    /// Everything that was stored.
    public var stored: [[String: Any]] { lock.withLock { items } }

    /// A face or a finger was added.
    public func enrol() {
        lock.withLock { items.removeAll { ($0[kSecAttrAccessControl] as? SecAccessControl)?.flags.contains(.biometryCurrentSet) == true } }
    }

    /// An empty phone.
    public func reset() { lock.withLock { (items, status, refusal, reasons) = ([], errSecSuccess, nil, []) } }

    private static let names = [kSecClass, kSecAttrService, kSecAttrAccount, kSecAttrApplicationTag]

    private func matches(_ item: [String: Any], _ query: CFDictionary) -> Bool {
        Self.names.allSatisfy { name in query[name].map { "\($0)" } == item[name].map { "\($0)" } }
    }

    func add(_ item: [String: Any]) -> OSStatus {
        lock.withLock {
            guard status == errSecSuccess else { return status }
            guard !items.contains(where: { matches($0, item) }) else { return errSecDuplicateItem }
            items.append(item)
            return errSecSuccess
        }
    }

    func find(_ query: CFDictionary) -> (OSStatus, [String: Any]?) {
        lock.withLock {
            guard status == errSecSuccess else { return (status, nil) }
            let item = items.first { matches($0, query) }
            return (item == nil ? errSecItemNotFound : errSecSuccess, item)
        }
    }

    func change(_ query: CFDictionary, _ change: CFDictionary?) -> OSStatus {
        lock.withLock {
            guard status == errSecSuccess else { return status }
            guard let place = items.firstIndex(where: { matches($0, query) }) else { return errSecItemNotFound }
            if let change { items[place].merge(change) { $1 } } else { items.remove(at: place) }
            return errSecSuccess
        }
    }
}

public func SecItemAdd(_ attributes: CFDictionary, _ result: UnsafeMutablePointer<CFTypeRef?>?) -> OSStatus { TestPhone.shared.add(attributes) }
public func SecItemUpdate(_ query: CFDictionary, _ change: CFDictionary) -> OSStatus { TestPhone.shared.change(query, change) }
public func SecItemDelete(_ query: CFDictionary) -> OSStatus { TestPhone.shared.change(query, nil) }

public func SecItemCopyMatching(_ query: CFDictionary, _ result: UnsafeMutablePointer<CFTypeRef?>?) -> OSStatus {
    let (status, item) = TestPhone.shared.find(query)
    if query[kSecReturnData] as? Bool == true, let value = item?[kSecValueData] as? Data { result?.pointee = NSData(data: value) }
    if query[kSecReturnRef] as? Bool == true, let key = item?["key"] as? SecKey {
        result?.pointee = SecKey(key.point, key.sign, key.access, query[kSecUseAuthenticationContext].map { $0 as AnyObject })
    }
    return status
}

public func SecKeyCreateRandomKey(_ parameters: CFDictionary, _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?) -> SecKey? {
    guard var item = parameters[kSecPrivateKeyAttrs] as? [String: Any], parameters[kSecAttrKeySizeInBits] as? Int == 256,
        parameters[kSecAttrTokenID] as? String == kSecAttrTokenIDSecureEnclave
    else {
        error?.pointee = .passRetained(CFError(domain: NSOSStatusErrorDomain, code: Int(errSecParam)))
        return nil
    }
    let made = TestPhone.shared.makeKey()
    let key = SecKey(made.point, made.sign, item[kSecAttrAccessControl] as? SecAccessControl)
    (item[kSecClass], item["key"]) = (kSecClassKey, key)
    let status = TestPhone.shared.add(item)
    guard status == errSecSuccess else {
        error?.pointee = .passRetained(CFError(domain: NSOSStatusErrorDomain, code: Int(status)))
        return nil
    }
    return key
}

public func SecKeyCopyPublicKey(_ key: SecKey) -> SecKey? { SecKey(key.point, nil, nil) }

public func SecKeyCopyExternalRepresentation(_ key: SecKey, _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?) -> CFData? { key.point }

public func SecKeyCreateSignature(
    _ key: SecKey, _ algorithm: SecKeyAlgorithm, _ text: CFData, _ error: UnsafeMutablePointer<Unmanaged<CFError>?>?
) -> CFData? {
    if key.access?.flags.contains(.biometryCurrentSet) == true {
        TestPhone.shared.reasons.append(key.context.flatMap(TestPhone.shared.reasonOf) ?? "")
        if let refusal = TestPhone.shared.refusal {
            error?.pointee = .passRetained(refusal)
            return nil
        }
    }
    return key.sign?(text)
}
