// swift-tools-version:5.9
// The wallet and the verifier for iPhones and Macs. mobile/swift/build copies this file beside what it builds.

import PackageDescription

let package = Package(
    name: "Symbolon",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "Symbolon", targets: ["Symbolon"])],
    targets: [
        .target(name: "Symbolon", dependencies: ["SymbolonFFI"]),
        .binaryTarget(name: "SymbolonFFI", path: "SymbolonFFI.xcframework"),
    ]
)
