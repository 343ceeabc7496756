// swift-tools-version: 6.0
import PackageDescription

// The C side of the boundary. On Linux the static library that cargo built, which `cargo xtask bindings`
// puts alone into lib/ (a shared one beside it would win); on Apple systems an XCFramework.
#if os(Linux)
let boundary: Target = .systemLibrary(name: "KabaoCoreFFI", path: "Sources/KabaoCoreFFIGenerated")
let link: [LinkerSetting] = [.unsafeFlags(["-L\(Context.packageDirectory)/lib"])]
#else
let boundary: Target = .binaryTarget(name: "KabaoCoreFFI", path: "lib/KabaoCoreFFI.xcframework")
let link: [LinkerSetting] = []
#endif

let package = Package(
    name: "Kabao",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "KabaoKit", targets: ["KabaoKit"]),
        // A wallet in memory, for tests of screens.
        .library(name: "KabaoFake", targets: ["KabaoFake"]),
    ],
    targets: [
        boundary,
        // Generated code stays in Swift 5 mode: in Swift 6 mode compiler 6.0.3 crashes on its async
        // callbacks. What imports it is checked in Swift 6 mode.
        .target(
            name: "KabaoCore",
            dependencies: ["KabaoCoreFFI"],
            path: "Sources/KabaoCoreGenerated",
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: link
        ),
        .target(name: "KabaoKit", dependencies: ["KabaoCore"]),
        .target(name: "KabaoFake", dependencies: ["KabaoKit"]),
        .testTarget(name: "KabaoKitTests", dependencies: ["KabaoKit", "KabaoCore"]),
        .testTarget(name: "KabaoFakeTests", dependencies: ["KabaoFake"]),
    ],
    swiftLanguageModes: [.v6]
)
