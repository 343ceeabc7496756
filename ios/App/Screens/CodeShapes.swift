import SwiftUI

// The one place of the screens that computes: where the modules of a picture lie.

/// The modules of a QR code, with the quiet zone that scanners need.
struct QrShape: Shape {
    let size: UInt32
    let modules: Data

    nonisolated func path(in rect: CGRect) -> Path {
        var path = Path()
        let count = Int(size)
        guard count > 0, modules.count == count * count else { return path }
        let quiet = 4
        let module = min(rect.width, rect.height) / CGFloat(count + quiet + quiet)
        for (place, isDark) in modules.enumerated() where isDark == 1 {
            let (row, column) = (place / count + quiet, place % count + quiet)
            path.addRect(
                CGRect(
                    x: rect.minX + CGFloat(column) * module, y: rect.minY + CGFloat(row) * module, width: module,
                    height: module))
        }
        return path
    }
}

/// The bars of a Code 128, with the quiet zones that scanners need.
struct BarShape: Shape {
    let widths: Data

    nonisolated func path(in rect: CGRect) -> Path {
        var path = Path()
        let quiet = 10
        let count = widths.reduce(quiet + quiet) { $0 + Int($1) }
        let module = rect.width / CGFloat(count)
        var at = quiet
        for (place, width) in widths.enumerated() {
            if place % 2 == 0 {
                path.addRect(
                    CGRect(
                        x: rect.minX + CGFloat(at) * module, y: rect.minY, width: CGFloat(width) * module,
                        height: rect.height))
            }
            at += Int(width)
        }
        return path
    }
}
