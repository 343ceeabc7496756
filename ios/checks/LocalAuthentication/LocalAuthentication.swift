// A stand-in for Apple's LocalAuthentication on Linux: what the adapters use.

@_exported import Foundation
import Security

/// A question to the person.
public class LAContext: NSObject {
    public var localizedReason = ""
}

public struct LAError: Error, Sendable {
    public static let errorDomain = "com.apple.LocalAuthentication"
    public enum Code: Int, Sendable {
        case authenticationFailed = -1, userCancel = -2, userFallback = -3, systemCancel = -4, passcodeNotSet = -5
        case biometryNotAvailable = -6, biometryNotEnrolled = -7, biometryLockout = -8, appCancel = -9
        case invalidContext = -10, notInteractive = -1004
    }
}

extension TestPhone {
    /// Contexts of this module tell the phone their reason.
    public func knowsContexts() { reasonOf = { ($0 as? LAContext)?.localizedReason } }
}
