import Shared

import Glibc

/// An sRGB color with eight bits per channel.
struct RGBColor: Sendable, Equatable, CustomStringConvertible {
    static let white = RGBColor(red: 255, green: 255, blue: 255)
    static let black = RGBColor(red: 0, green: 0, blue: 0)

    let red: Int
    let green: Int
    let blue: Int

    /// Creates a color from channels from 0 to 255.
    init(red: Int, green: Int, blue: Int) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// Parses six hexadecimal digits, with or without `#`; nil for anything else.
    init?(_ text: String) {
        let digits = text.utf8.first == UInt8(ascii: "#") ? Substring(text.dropFirst()) : Substring(text)
        guard digits.utf8.count == 6, digits.utf8.allSatisfy({ UInt8(ascii: "0") <= $0 }),
            let value = UInt32(digits, radix: 16)
        else { return nil }
        self.init(red: Int(value >> 16), green: Int(value >> 8 & 0xFF), blue: Int(value & 0xFF))
    }

    /// The color in CSS notation: `#0f6257`.
    var description: String {
        let digits = String(red << 16 | green << 8 | blue, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// The color mixed with a percentage of another.
    func mixed(_ share: Int, of other: RGBColor) -> RGBColor {
        func channel(_ own: Int, _ others: Int) -> Int { (own * (100 - share) + others * share + 50) / 100 }
        return RGBColor(
            red: channel(red, other.red),
            green: channel(green, other.green),
            blue: channel(blue, other.blue)
        )
    }

    /// The contrast ratio with another color, from 1 to 21 (WCAG 2.2, "contrast ratio").
    func contrast(with other: RGBColor) -> Double {
        let (one, two) = (luminance + 0.05, other.luminance + 0.05)
        return max(one, two) / min(one, two)
    }

    /// WCAG 2.2, "relative luminance".
    private var luminance: Double {
        func linear(_ channel: Int) -> Double {
            let value = Double(channel) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
}

/// The colors of links, buttons and marks, derived from `SITE_COLOR` for light and dark pages.
///
/// docker/nginx/render-look computes the same for nginx's error pages.
struct SiteColor: Sendable, Equatable {
    /// One theme: the custom properties of base.css.
    struct Theme: Sendable, Equatable {
        let accent: RGBColor
        let strong: RGBColor
        let onAccent: RGBColor
        let soft: RGBColor
    }

    /// The minimum contrast of text (WCAG 2.2, 1.4.3).
    static let leastContrast = 4.5
    /// The contrast of a dark theme's color that is derived from the light one.
    private static let comfortableContrast = 7.0

    /// The background of light pages with the least contrast to dark colors.
    static let lightGround = RGBColor(red: 0xF5, green: 0xF4, blue: 0xEF)
    /// The background of dark pages with the least contrast to light colors.
    static let darkSurface = RGBColor(red: 0x1A, green: 0x20, blue: 0x1E)
    private static let darkGround = RGBColor(red: 0x11, green: 0x16, blue: 0x15)

    let light: Theme
    let dark: Theme

    /// Derives the colors from one for light pages and one for dark pages; without the latter, the former is lightened.
    init(light color: RGBColor, dark given: RGBColor? = nil) {
        light = Theme(
            accent: color,
            strong: color.mixed(25, of: .black),
            onAccent: .white,
            soft: RGBColor.white.mixed(10, of: color)
        )
        let accent = given ?? Self.lightened(color)
        dark = Theme(
            accent: accent,
            strong: accent.mixed(30, of: .white),
            onAccent: Self.darkGround,
            soft: Self.darkSurface.mixed(12, of: accent)
        )
    }

    /// Reads `SITE_COLOR`; nil when it is unset or a fault was recorded.
    init?(from reader: inout SettingsReader) {
        guard reader.isSet(.siteColor) else { return nil }
        let texts = reader.list(.siteColor)
        guard !reader.hasFault(.siteColor) else { return nil }
        let colors = texts.compactMap { RGBColor($0) }
        guard colors.count == texts.count, let light = colors.first, colors.count <= 2 else {
            reader.fault(
                .siteColor,
                "must be six hexadecimal digits like 0f6257, or two such colors with a comma between, for light and for dark pages"
            )
            return nil
        }
        let dark = colors.count == 2 ? colors[1] : nil
        reader.requireContrast(of: light, with: Self.lightGround, on: "light")
        if let dark { reader.requireContrast(of: dark, with: Self.darkSurface, on: "dark") }
        self.init(light: light, dark: dark)
    }

    /// The style sheet that replaces the colors of base.css.
    var styleSheet: String {
        ":root{\(light.properties)}@media (prefers-color-scheme:dark){:root{\(dark.properties)}}\n"
    }

    /// The nearest lighter color with enough contrast on dark pages.
    private static func lightened(_ color: RGBColor) -> RGBColor {
        let shares = stride(from: 0, through: 100, by: 5)
        return shares.lazy.map { color.mixed($0, of: .white) }
            .first { $0.contrast(with: darkSurface) >= comfortableContrast } ?? .white
    }
}

extension SiteColor.Theme {
    fileprivate var properties: String {
        "--accent:\(accent);--accent-strong:\(strong);--on-accent:\(onAccent);--accent-soft:\(soft)"
    }
}

extension SettingsReader {
    /// Records a fault with the contrast ratio when it is too low for text.
    fileprivate mutating func requireContrast(of color: RGBColor, with ground: RGBColor, on pages: String) {
        let contrast = color.contrast(with: ground)
        guard contrast < SiteColor.leastContrast else { return }
        // Rounded down, so that a rejected color is never reported with a sufficient ratio.
        let hundredths = Int(contrast * 100)
        let figure = "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
        let way = pages.isExactly("light") ? "darker" : "lighter"
        fault(
            .siteColor,
            "\(color) has a contrast of \(figure):1 with \(pages) pages (\(ground)); text needs 4.5:1, so choose a \(way) color"
        )
    }
}
