import ArgumentParser
import Foundation
import Testing

@testable import AuthAPI

/// W76: Times on the command line.
@Suite struct OperatorTimeTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test(
        "W76: A duration counts back from now",
        arguments: [
            ("0m", 0), ("45s", 45), ("90m", 5400), ("24h", 86_400), ("7d", 604_800), ("1w", 604_800), ("2W", 1_209_600),
            ("1d12h", 129_600), ("1w2d3h4m5s", 788_645),
        ]
    )
    func durations(text: String, seconds: Int) {
        #expect(OperatorTime(text, now: Self.now)?.date == Self.now.addingTimeInterval(-Double(seconds)))
    }

    @Test(
        "W76: Dates, and RFC 3339 times with any offset, are parsed",
        arguments: [
            ("2026-11-01", 1_793_491_200), ("2026-11-01T08:30:00Z", 1_793_521_800),
            ("2026-11-01T08:30:00+09:00", 1_793_489_400), ("2026-11-01T08:30:00-05:30", 1_793_541_600),
            ("2026-11-01T08:30:00.250+00:00", 1_793_521_800.25), ("2026-11-01t08:30:00z", 1_793_521_800),
            ("2026-11-01 08:30:00Z", 1_793_521_800), ("2026-11-01T08:30", 1_793_521_800),
            ("2026-11-01T08:30+0900", 1_793_489_400), ("2024-02-29", 1_709_164_800),
            ("2026-12-31T23:59:60Z", 1_798_761_600),
            // PostgreSQL's format, as in a file that its COPY has written.
            ("2026-11-01 08:30:00.25+00", 1_793_521_800.25), ("2026-11-01 08:30:00-05", 1_793_539_800),
        ]
    )
    func moments(text: String, seconds: Double) {
        #expect(OperatorTime(text, now: Self.now)?.date == Date(timeIntervalSince1970: seconds))
    }

    @Test(
        "W76: Invalid times are rejected",
        arguments: [
            "", "7", "d", "-7d", "7y", "1.5h", "1h1h", "1m1h", "36601d", "2147483648m", "9999999999s", "2026-13-01",
            "2026-11-31", "2025-02-29", "2026-11-1", "2026-11-31T08:30:00Z", "2026-11-01T25:30:00Z", "2026-11-01Z",
            "2026-11-01T08:60:00Z", "2026-11-01T08:30:61Z", "2026-11-01T08:30:00+9", "2026-11-01T08:30:00+24:00",
            "2026-11-01T08:30:00 JST", "2026-11-01T08", "2026-11-01T8:30:00Z", "2026-11-01T08:30:00.Z", "yesterday",
            "２０２６-11-01", "2026-11-01T08:30:0xZ",
        ]
    )
    func rejected(text: String) { #expect(OperatorTime(text, now: Self.now) == nil) }

    @Test("W76: The error lists the formats, for both options", arguments: ["--since", "--until"])
    func forms(option: String) {
        let error = #expect(throws: (any Error).self) { try AuditCommand.parse([option, "last week"]) }
        let message = error.map { AuditCommand.message(for: $0) } ?? ""
        for form in ["2026-11-01T08:30:00+09:00", "90m", "2w", "2026-11-01)"] { #expect(message.contains(form)) }
        #expect(message.contains(option))
    }
}
