// swift-tools-version: 6.0
import PackageDescription

// App/ is the app. On Linux the packages below checks/ stand in for Apple's frameworks, so that the same sources
// are type-checked and driven without a Mac; on Apple systems there are the real ones and checks/ is not built.
#if os(Linux)
    let screens: [Target.Dependency] = ["KabaoModel", "SwiftUI"]
    let adapters: [Target.Dependency] = ["Security", "LocalAuthentication", "Network"]
    let checks: [Target] = [
        .target(name: "Security", path: "checks/Security"),
        .target(name: "LocalAuthentication", dependencies: ["Security"], path: "checks/LocalAuthentication"),
        .target(name: "Network", path: "checks/Network"),
        .target(name: "SwiftUI", path: "checks/SwiftUI"),
        .testTarget(
            name: "ScreenTests",
            dependencies: ["KabaoModel", "KabaoScreens", "KabaoAdapters", "SwiftUI", "Security", "LocalAuthentication", "Network"],
            path: "checks/Tests"),
    ]
#else
    let screens: [Target.Dependency] = ["KabaoModel"]
    let adapters: [Target.Dependency] = []
    let checks: [Target] = []
#endif

let kit = Target.Dependency.product(name: "KabaoKit", package: "swift")

let package = Package(
    name: "KabaoApp",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "KabaoScreens", targets: ["KabaoModel", "KabaoScreens", "KabaoAdapters"])],
    dependencies: [.package(path: "../bindings/swift")],
    targets: [
        // The wall: the model sees KabaoKit, screens see the model and SwiftUI and nothing else.
        .target(name: "KabaoModel", dependencies: [kit], path: "App/Model"),
        .target(name: "KabaoScreens", dependencies: screens, path: "App/Screens"),
        // Apple-only frameworks, one small file each behind a protocol of the core.
        .target(name: "KabaoAdapters", dependencies: [kit] + adapters, path: "App/Adapters"),
    ] + checks,
    swiftLanguageModes: [.v6]
)
