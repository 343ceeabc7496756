extension TestScreen {
    /// What is on the screen as HTML: a sketch for people to look at, with the order, texts, sizes and colours that the
    /// screen asks for. The layout is a browser's, not Apple's.
    public func html() -> String {
        refresh()
        return "<div class=\"phone \(values.colorScheme)\" style=\"--scale: \(values.dynamicTypeSize.scale)\">\(top.children.map(html).joined())</div>"
    }

    /// A page of several screens.
    public static func page(_ screens: [(name: String, html: String)]) -> String {
        let all = screens.map { "<figure><figcaption>\(escaped($0.name))</figcaption>\($0.html)</figure>" }
        return "<!doctype html><meta charset=\"utf-8\"><style>\(css)</style>\(all.joined())"
    }

    private func html(_ node: Node) -> String {
        let inner = node.children.map(html).joined()
        var classes = [node.role.rawValue]
        classes += [node.style.font, node.style.button, node.style.colour.map { "in-\($0)" }, node.style.background.map { "on-\($0)" }].compactMap { $0 }
        if node.style.isBold { classes.append("bold") }
        if node.style.axis == "across" { classes.append("across") }
        if node.style.isPadded { classes.append("padded") }
        if !node.isEnabled { classes.append("off") }
        let open = "<div class=\"\(classes.joined(separator: " "))\">"
        switch node.role {
        case .list: return open + node.children.map { $0.role == .section ? html($0) : "<div class=\"section\"><div class=\"card\">\(html($0))</div></div>" }.joined() + "</div>"
        case .section:
            let (head, foot) = (node.children.filter { $0.role == .header }, node.children.filter { $0.role == .footer })
            let rows = node.children.filter { $0.role != .header && $0.role != .footer }
            return open + head.map(html).joined() + "<div class=\"card\">\(rows.map(html).joined())</div>" + foot.map(html).joined() + "</div>"
        case .field: return open + (node.text?.isEmpty == false ? TestScreen.escaped(node.text ?? "") : "<i>\(TestScreen.escaped(node.label ?? ""))</i>") + "</div>"
        case .secureField:
            let dots = String(repeating: "●", count: min(node.text?.count ?? 0, 12))
            return open + (dots.isEmpty ? "<i>\(TestScreen.escaped(node.label ?? ""))</i>" : dots) + "</div>"
        case .image: return open + (TestScreen.glyphs[node.symbol ?? ""] ?? "?") + "</div>"
        case .picture: return open + svg(node) + "</div>"
        case .back: return open + "‹ \(TestScreen.escaped(node.label ?? ""))</div>"
        default: return open + TestScreen.escaped(node.text ?? "") + inner + "</div>"
        }
    }

    private func svg(_ node: Node) -> String {
        let rects = node.path?.rects ?? []
        let height = rects.map(\.height).max() ?? 0
        let box = height > 100 ? "0 0 200 200\" preserveAspectRatio=\"none\" style=\"height: 5em; width: 100%" : "0 0 200 200"
        let drawn = rects.map { "<rect x=\"\($0.minX)\" y=\"\($0.minY)\" width=\"\($0.width)\" height=\"\($0.height)\"/>" }
        return "<svg shape-rendering=\"crispEdges\" viewBox=\"\(box)\">\(drawn.joined())</svg>"
    }

    static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }

    private static let glyphs = [
        "qrcode": "▦", "clock": "◷", "checkmark.circle": "✓", "xmark.circle": "✕", "exclamationmark.triangle": "⚠", "checkmark": "✓",
        "lock": "▣", "bell": "◔", "list.bullet": "☰", "plus.circle": "⊕",
    ]

    private static let css = """
        body { margin: 16px; display: flex; flex-wrap: wrap; gap: 16px; background: #888; font-family: "Noto Sans CJK SC", sans-serif; }
        figure { margin: 0; } figcaption { font-size: 13px; color: #fff; }
        .phone { --ink: #000; --dim: #6b6b70; --ground: #f2f2f7; --card: #fff; --line: #ddd; --tint: #0060df; width: 390px; min-height: 700px;
          box-sizing: border-box; padding: 16px; background: var(--ground); color: var(--ink); font-size: calc(17px * var(--scale)); overflow-wrap: anywhere; }
        .phone.dark { --ink: #fff; --dim: #a0a0a8; --ground: #000; --card: #1c1c1e; --line: #38383a; --tint: #4aa3ff; }
        .card { background: var(--card); border-radius: 12px; } .section { margin-top: 18px; }
        .card > * { padding: 11px 16px; border-bottom: 1px solid var(--line); } .card > *:last-child { border: 0; }
        .header { color: var(--dim); font-size: .8em; padding: 0 16px 6px; }
        .title { font-size: 1.9em; font-weight: 700; margin: 4px 0; } .back, .link, .button { color: var(--tint); }
        .link { display: flex; } .link::after { content: "›"; margin-left: auto; color: var(--dim); }
        .row { display: flex; gap: .5em; align-items: baseline; flex-wrap: wrap; } .spacer { flex: 1; } .bold { font-weight: 700; }
        .largeTitle { font-size: 2em; } .title2 { font-size: 1.3em; } .headline { font-weight: 600; } .footnote { font-size: .76em; }
        .card .text.title { font-size: 1.6em; font-weight: 400; }
        .in-secondary { color: var(--dim); } .destructive { color: #d70015; } .plain, .plain * { color: inherit; } .plain .in-secondary { color: var(--dim); }
        .button.prominent { background: var(--tint); color: #fff; text-align: center; border-radius: 10px; margin: 8px 12px; border: 0; }
        .off { opacity: .4; } .field i, .secureField i { color: var(--dim); font-style: normal; }
        .on-white { background: #fff; padding: 12px; } .picture { fill: #000; background: #fff; } .picture svg { display: block; margin: auto; width: 70%; }
        .progress { color: var(--dim); } .stack.padded { text-align: center; }
        """
}

extension DynamicTypeSize {
    /// How much larger the body text is than at the size that phones come with, as Apple's table has it.
    var scale: Double {
        switch self {
        case .xSmall: 14 / 17
        case .small: 15 / 17
        case .medium: 16 / 17
        case .large: 1
        case .xLarge: 19 / 17
        case .xxLarge: 21 / 17
        case .xxxLarge: 23 / 17
        case .accessibility1: 28 / 17
        case .accessibility2: 33 / 17
        case .accessibility3: 40 / 17
        case .accessibility4: 47 / 17
        case .accessibility5: 53 / 17
        }
    }
}
