import Foundation
import Logging
import Synchronization
import Testing

@testable import Shared

/// E5: log lines.
@Suite struct JSONLogHandlerTests {
    private final class Lines: Sendable {
        private let stored = Mutex<[String]>([])
        func append(_ line: [UInt8]) { stored.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
        var all: [String] { stored.withLock { $0 } }
    }

    private func logger(_ lines: Lines, format: LogFormat = .json, level: Logger.Level = .info) -> Logger {
        Logger(label: "test") { _ in JSONLogHandler(format: format, logLevel: level, write: lines.append) }
    }

    private func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test("A line is one JSON object with timestamp, level and message")
    func line() throws {
        let lines = Lines()
        var logger = logger(lines)
        logger[metadataKey: "request_id"] = "abc"
        logger.warning("hello", metadata: ["status": .stringConvertible(200), "duration_ms": .stringConvertible(1.5)])
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix("}\n") && line.filter { $0 == "\n" }.count == 1)
        let object = try object(line)
        #expect(object["level"] as? String == "WARNING")
        #expect(object["message"] as? String == "hello")
        #expect(object["request_id"] as? String == "abc")
        #expect(object["status"] as? Int == 200)
        #expect(object["duration_ms"] as? Double == 1.5)
        let timestamp = try #require(object["timestamp"] as? String)
        #expect(timestamp.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/) != nil)
    }

    @Test("Nothing in a value can end the line or the string")
    func escaping() throws {
        let lines = Lines()
        let nasty = "a\"b\\c\nd\re\u{1B}[0m\u{0}f\u{2028}g\u{7F}山"
        logger(lines).info("\(nasty)", metadata: ["\(nasty)": "\(nasty)", "list": ["\(nasty)", ["k": "\(nasty)"]]])
        let line = try #require(lines.all.first)
        #expect(line.unicodeScalars.filter { $0.value < 0x20 }.map(\.value) == [10])
        let object = try object(line)
        #expect(object["message"] as? String == nasty)
        #expect(object[nasty] as? String == nasty)
        #expect((object["list"] as? [Any])?.first as? String == nasty)
    }

    @Test(
        "Levels have the names of LOG_LEVEL, and lower ones are not written",
        arguments: [
            (Logger.Level.trace, "DEBUG"), (.debug, "DEBUG"), (.info, "INFO"), (.notice, "INFO"),
            (.warning, "WARNING"), (.error, "ERROR"), (.critical, "ERROR"),
        ]
    )
    func levels(level: Logger.Level, name: String) throws {
        let lines = Lines()
        logger(lines, level: level).log(level: level, "x")
        #expect(try object(try #require(lines.all.first))["level"] as? String == name)
        if level < .critical {
            let quiet = Lines()
            logger(quiet, level: .critical).log(level: level, "x")
            #expect(quiet.all.isEmpty)
        }
    }

    @Test("Text lines are readable, and no value can end them or control the terminal")
    func text() {
        let lines = Lines()
        logger(lines, format: .text).info("hello", metadata: ["b": "2", "a": "1"])
        #expect(lines.all.first?.hasSuffix(" INFO hello a=1 b=2\n") == true)
        let nasty = "x\u{1B}[2J\n2026-01-01 ERROR \u{9B}31m forged \"山\""
        logger(lines, format: .text).info("\(nasty)", metadata: ["\(nasty)": "\(nasty)"])
        let shown = #"x\u001b[2J\n2026-01-01 ERROR \u009b31m forged "山""#
        #expect(lines.all.last?.hasSuffix(" INFO \(shown) \(shown)=\(shown)\n") == true)
        #expect(lines.all.last?.unicodeScalars.count { $0.properties.generalCategory == .control } == 1)
    }

    @Test("E5 Values keep their types: numbers and Booleans are not strings; values without a JSON type are")
    func types() throws {
        let lines = Lines()
        logger(lines).info(
            "x",
            metadata: [
                "int": .stringConvertible(-7), "huge": .stringConvertible(UInt64.max), "flag": .stringConvertible(true),
                "tiny": .stringConvertible(1e-7), "nan": .stringConvertible(Double.nan),
                "infinite": .stringConvertible(-Double.infinity), "other": .stringConvertible([1, 2]),
                "deep": .dictionary(["b": .array([.dictionary(["c": "\"\n"]), .stringConvertible(1)]), "a": "1"]),
                "none": .array([]), "empty": .dictionary([:]),
            ]
        )
        let line = try #require(lines.all.first)
        let object = try object(line)
        #expect(object["int"] as? Int == -7 && object["huge"] as? UInt64 == .max && object["flag"] as? Bool == true)
        #expect(object["tiny"] as? Double == 1e-7)
        #expect(object["nan"] as? String == "nan" && object["infinite"] as? String == "-inf")
        #expect(object["other"] as? String == "[1, 2]")
        // Keys are sorted, so that lines of one kind can be compared.
        #expect(line.contains(#""deep":{"a":"1","b":[{"c":"\"\n"},1]},"#))
        #expect(line.contains(#""empty":{}"#) && line.contains(#""none":[]"#))
    }

    @Test("E5 The event's metadata overrides the provider's, which overrides the logger's")
    func precedence() throws {
        let lines = Lines()
        var handler = JSONLogHandler(format: .json, logLevel: .info, write: lines.append)
        handler.metadataProvider = Logger.MetadataProvider { ["a": "provider", "b": "provider"] }
        handler[metadataKey: "c"] = "logger"
        handler[metadataKey: "b"] = "logger"
        #expect(handler[metadataKey: "c"] == "logger")
        let logger = Logger(label: "test") { [handler] _ in handler }
        logger.info("x", metadata: ["a": "event"])
        let object = try object(try #require(lines.all.first))
        #expect(["a", "b", "c"].map { object[$0] as? String } == ["event", "provider", "logger"])
    }

    @Test("E5 For an event's error, the line has the type, not the text, which is untrusted")
    func error() throws {
        struct Failure: Error, CustomStringConvertible { let description = "it \"failed\"" }
        let lines = Lines()
        logger(lines).error("x", error: Failure())
        #expect(try object(try #require(lines.all.first))["error"] as? String == "Failure")
    }
}
