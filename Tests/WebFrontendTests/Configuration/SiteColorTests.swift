import Foundation
import Shared
import Testing

@testable import WebFrontend

/// `SITE_COLOR`: a color with too little contrast is rejected with the ratio (U3).
@Suite struct SiteColorTests {
    private static func color(_ text: String) throws(SettingsFaults) -> SiteColor? {
        try TestSettings.all(["SITE_COLOR": text]).look.color
    }

    // The ratios of WebAIM's contrast checker.
    @Test(arguments: [
        ("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.0),
        ("#0000ff", "#ffffff", 8.59), ("#0f6257", "#f5f4ef", 6.57),
    ])
    func contrastIsThatOfTheGuidelines(one: String, other: String, ratio: Double) throws {
        let one = try #require(RGBColor(one)), other = try #require(RGBColor(other))
        #expect(abs(one.contrast(with: other) - ratio) < 0.01)
        #expect(one.contrast(with: other) == other.contrast(with: one))
    }

    @Test(arguments: ["0f6257", "#0f6257", "#0F6257", " 0F6257 "])
    func aColorIsSixHexadecimalDigits(text: String) throws {
        let color = try #require(try Self.color(text))
        #expect(color.light.accent.description == "#0f6257")
        #expect(color.light.onAccent == .white)
    }

    @Test(arguments: [
        "red", "fff", "0f62577", "##0f6257", "0f625g", "+f6257", "0f6257,", "rgb(0,0,0)", "0f6257,74d3c1,000000",
        "０f6257",
    ])
    func rejectsInvalidInput(text: String) throws {
        if text == "0f6257," {
            // An empty element of a list is ignored.
            let color = try Self.color(text)
            #expect(color != nil)
            return
        }
        let faults = #expect(throws: SettingsFaults.self) { try Self.color(text) }
        #expect(faults?.lines.first?.hasPrefix("SITE_COLOR: must be six hexadecimal digits like 0f6257") == true)
    }

    @Test(arguments: [
        (
            "ffcc00",
            "#ffcc00 has a contrast of 1.37:1 with light pages (#f5f4ef); text needs 4.5:1, so choose a darker color"
        ),
        (
            "777777",
            "#777777 has a contrast of 4.06:1 with light pages (#f5f4ef); text needs 4.5:1, so choose a darker color"
        ),
        (
            "0f6257,333333",
            "#333333 has a contrast of 1.30:1 with dark pages (#1a201e); text needs 4.5:1, so choose a lighter color"
        ),
    ])
    func rejectsLowContrastWithRatio(text: String, reason: String) {
        let faults = #expect(throws: SettingsFaults.self) { try Self.color(text) }
        #expect(faults?.lines == ["SITE_COLOR: \(reason)"])
    }

    @Test func bothFaultsAreNamed() {
        let faults = #expect(throws: SettingsFaults.self) { try Self.color("ffffff,000000") }
        #expect(faults?.lines.count == 2)
    }

    /// With any accepted color, all text in it or on it has enough contrast, on light and on dark pages.
    @Test func everyAcceptedColorHasEnoughContrast() throws {
        var passed = 0
        for red in stride(from: 0, through: 255, by: 17) {
            for green in stride(from: 0, through: 255, by: 17) {
                for blue in stride(from: 0, through: 255, by: 17) {
                    let color = RGBColor(red: red, green: green, blue: blue)
                    guard color.contrast(with: SiteColor.lightGround) >= SiteColor.leastContrast else { continue }
                    passed += 1
                    let look = SiteColor(light: color)
                    let pairs = [
                        (look.light.accent, .white), (look.light.onAccent, look.light.accent),
                        (look.light.onAccent, look.light.strong), (look.light.strong, look.light.soft),
                        (look.light.strong, SiteColor.lightGround), (Self.lightText, look.light.soft),
                        (look.dark.accent, SiteColor.darkSurface), (look.dark.onAccent, look.dark.accent),
                        (look.dark.onAccent, look.dark.strong), (look.dark.strong, look.dark.soft),
                        (Self.darkText, look.dark.soft),
                    ]
                    for (one, other) in pairs where one.contrast(with: other) < SiteColor.leastContrast {
                        Issue.record("\(color): \(one) on \(other)")
                    }
                }
            }
        }
        #expect(passed > 1000)
    }

    /// The backgrounds are those of the style sheet, so that a change there is noticed here.
    @Test func backgroundsMatchTheStyleSheet() throws {
        let sheet = String(decoding: PackageResources.base_css, as: UTF8.self)
        let parts = sheet.components(separatedBy: "@media (prefers-color-scheme: dark)")
        #expect(parts[0].contains("--ground: \(SiteColor.lightGround);"))
        #expect(parts[0].contains("--text: \(Self.lightText);"))
        #expect(parts[1].contains("--surface: \(SiteColor.darkSurface);"))
        #expect(parts[1].contains("--text: \(Self.darkText);"))
        let look = SiteColor(light: SiteColor.darkSurface)
        #expect(parts[1].contains("--ground: \(look.dark.onAccent);"))
    }

    private static let lightText = RGBColor(red: 0x1B, green: 0x23, blue: 0x21)
    private static let darkText = RGBColor(red: 0xE8, green: 0xED, blue: 0xEB)
}
