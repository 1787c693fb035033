import FoundationEssentials
public import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes each event as one line to standard output: a JSON object, or readable text for development.
public struct JSONLogHandler: LogHandler {
    /// The lowest level that is written.
    public var logLevel: Logger.Level
    /// What every line of this logger carries.
    public var metadata: Logger.Metadata = [:]
    /// Adds context to every line.
    public var metadataProvider: Logger.MetadataProvider?

    private let format: LogFormat
    private let write: @Sendable (String) -> Void

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - format: JSON lines or text.
    ///   - logLevel: the lowest level that is written.
    ///   - write: takes a finished line with its line break; by default one write to standard output.
    public init(
        format: LogFormat,
        logLevel: Logger.Level,
        write: @escaping @Sendable (String) -> Void = JSONLogHandler.writeToStandardOutput
    ) {
        self.format = format
        self.logLevel = logLevel
        self.write = write
    }

    /// Makes the handler the one of all loggers made from now on; once a process.
    ///
    /// - Parameters:
    ///   - settings: the form of the lines and the lowest level.
    ///   - leastLevel: a level below which nothing is written whatever the settings say.
    public static func bootstrap(_ settings: CommonSettings, leastLevel: Logger.Level = .trace) {
        let level = max(settings.logLevel, leastLevel)
        LoggingSystem.bootstrap { _ in JSONLogHandler(format: settings.logFormat, logLevel: level) }
    }

    /// Reads or writes one value of the metadata.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one event.
    public func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { _, new in new } }
        if let own = event.metadata { fields.merge(own) { _, new in new } }
        if let error = event.error { fields["error"] = "\(error)" }
        let timestamp = LogTimestamp.text(of: .now)
        switch format {
        case .json: write(jsonLine(event, fields: fields, timestamp: timestamp))
        case .text:
            var line = "\(timestamp) \(Self.name(of: event.level)) "
            line.appendEscaped(event.message.description)
            for (key, value) in fields.sorted(by: { $0.key < $1.key }) { line.appendEscaped(" \(key)=\(value)") }
            write(line + "\n")
        }
    }

    /// Writes a line to standard output in one call, so that lines of different threads do not mix.
    public static let writeToStandardOutput: @Sendable (String) -> Void = { line in
        var line = line
        line.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let base = rest.baseAddress, rest.count > 0 {
                let written = Glibc.write(STDOUT_FILENO, base, rest.count)
                guard written > 0 || errno == EINTR else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(max(written, 0)))
            }
        }
    }

    private func jsonLine(_ event: LogEvent, fields: Logger.Metadata, timestamp: String) -> String {
        var line = "{\"timestamp\":\"\(timestamp)\",\"level\":\"\(Self.name(of: event.level))\",\"message\":"
        line.appendJSON(event.message.description)
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line += ","
            line.appendJSON(key)
            line += ":"
            line.appendJSON(value)
        }
        line += "}\n"
        return line
    }

    private static func name(of level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "DEBUG"
        case .info, .notice: "INFO"
        case .warning: "WARNING"
        case .error, .critical: "ERROR"
        }
    }
}

extension String {
    fileprivate mutating func appendJSON(_ text: String) {
        append("\"")
        defer { append("\"") }
        // Nearly every text is plain ASCII.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            append(text)
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            default: appendEscaped(scalar)
            }
        }
    }

    /// Appends a text that can neither end the line nor steer a terminal.
    fileprivate mutating func appendEscaped(_ text: String) {
        for scalar in text.unicodeScalars { appendEscaped(scalar) }
    }

    private mutating func appendEscaped(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x0A: append("\\n")
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
            let hex = String(scalar.value, radix: 16)
            append("\\u" + String(repeating: "0", count: 4 - hex.count) + hex)
        default: unicodeScalars.append(scalar)
        }
    }

    fileprivate mutating func appendJSON(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): appendJSON(text)
        // The usual types first: whether a value is of any integer type costs much more to find out.
        case .stringConvertible(let number as Int): append(number.description)
        case .stringConvertible(let number as Double) where number.isFinite: append(number.description)
        case .stringConvertible(let flag as Bool): append(flag.description)
        case .stringConvertible(let number as any FixedWidthInteger): append(number.description)
        case .stringConvertible(let other): appendJSON(other.description)
        case .array(let values):
            append("[")
            for (index, element) in values.enumerated() {
                if index > 0 { append(",") }
                appendJSON(element)
            }
            append("]")
        case .dictionary(let values):
            append("{")
            for (index, element) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { append(",") }
                appendJSON(element.key)
                append(":")
                appendJSON(element.value)
            }
            append("}")
        }
    }
}
