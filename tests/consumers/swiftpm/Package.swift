// swift-tools-version: 6.0
import PackageDescription

// An app of somebody else, with the package by its path (02-swiftpm.py gives it).
let repository = Context.environment["KABAO_ROOT"] ?? "../../.."

let package = Package(
    name: "Consumer",
    platforms: [.iOS(.v17), .macOS(.v14)],
    dependencies: [.package(path: "\(repository)/bindings/swift")],
    targets: [
        // main.swift is the program of the package's README; the check writes it here.
        .executableTarget(name: "consumer", dependencies: [.product(name: "KabaoKit", package: "swift")]),
        // What stands in for functions of the library when it is linked with --wrap.
        .target(name: "OtherVersion"),
        .executableTarget(name: "other", dependencies: ["OtherVersion", .product(name: "KabaoKit", package: "swift")]),
        // What calls cost; figures.py runs it.
        .executableTarget(name: "figures", dependencies: [.product(name: "KabaoKit", package: "swift")]),
    ],
    swiftLanguageModes: [.v6]
)
