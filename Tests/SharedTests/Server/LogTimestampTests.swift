import Foundation
import Testing

@testable import Shared

/// E6: Log lines have the time in the format of RFC 3339.
@Suite struct LogTimestampTests {
    @Test(
        "The time is current, whatever is cached",
        arguments: [0, 0.001, 1_795_446_000.25, 1_795_446_000.75, 1_795_445_999.999, 4_102_444_800, 1_709_164_799.5]
    )
    func text(seconds: Double) {
        let date = Date(timeIntervalSince1970: seconds)
        let expected = Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(date)
        for _ in 0..<2 {
            var line = JSONBytes()
            LogTimestamp.append(date, to: &line)
            #expect(String(decoding: line.bytes, as: UTF8.self) == expected)
        }
    }
}
