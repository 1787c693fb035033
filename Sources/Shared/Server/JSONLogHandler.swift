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
    private let write: @Sendable ([UInt8]) -> Void

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - format: JSON lines or text.
    ///   - logLevel: the lowest level that is written.
    ///   - write: takes a finished line with its line break, in UTF-8; by default one write to standard output.
    public init(
        format: LogFormat,
        logLevel: Logger.Level,
        write: @escaping @Sendable ([UInt8]) -> Void = JSONLogHandler.writeToStandardOutput
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
        var line = JSONBytes()
        switch format {
        case .json:
            line.append("{\"timestamp\":\"")
            LogTimestamp.append(.now, to: &line)
            line.append("\",\"level\":\"")
            line.append(Self.name(of: event.level))
            line.append("\",\"message\":")
            line.append(string: event.message.description)
            for (key, value) in fields(of: event) {
                line.append(",")
                line.append(string: key)
                line.append(":")
                line.append(metadata: value)
            }
            line.append("}\n")
        case .text:
            LogTimestamp.append(.now, to: &line)
            line.append(" ")
            line.append(Self.name(of: event.level))
            line.append(" ")
            line.append(escaped: event.message.description)
            for (key, value) in fields(of: event) { line.append(escaped: " \(key)=\(value)") }
            line.append("\n")
        }
        write(line.bytes)
    }

    /// What goes with an event, sorted by key: of two values what is nearer to the event.
    ///
    /// Of an error only its type is told: its text could hold what a person typed.
    private func fields(of event: LogEvent) -> [(key: String, value: Logger.MetadataValue)] {
        var own = event.metadata ?? [:]
        if let error = event.error { own["error"] = .string(String(describing: type(of: error))) }
        let provided = metadataProvider?.get() ?? [:]
        var fields: [(key: String, value: Logger.MetadataValue)] = []
        fields.reserveCapacity(8)
        for (key, value) in own { fields.append((key, value)) }
        for (key, value) in provided where own[key] == nil { fields.append((key, value)) }
        for (key, value) in metadata where own[key] == nil && provided[key] == nil { fields.append((key, value)) }
        fields.sort { $0.key < $1.key }
        return fields
    }

    /// Writes a line to standard output in one call, so that lines of different threads do not mix.
    public static let writeToStandardOutput: @Sendable ([UInt8]) -> Void = { line in
        line.withUnsafeBytes { bytes in
            var rest = bytes
            while let base = rest.baseAddress, rest.count > 0 {
                let written = Glibc.write(STDOUT_FILENO, base, rest.count)
                guard written > 0 || errno == EINTR else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(max(written, 0)))
            }
        }
    }

    private static func name(of level: Logger.Level) -> StaticString {
        switch level {
        case .trace, .debug: "DEBUG"
        case .info, .notice: "INFO"
        case .warning: "WARNING"
        case .error, .critical: "ERROR"
        }
    }
}

extension JSONBytes {
    fileprivate mutating func append(metadata value: Logger.MetadataValue) {
        switch value {
        case .string(let text): append(string: text)
        // The usual types first: whether a value is of any integer type costs much more to find out.
        case .stringConvertible(let number as Int): append(unescaped: number.description)
        case .stringConvertible(let number as Double) where number.isFinite: append(unescaped: number.description)
        case .stringConvertible(let flag as Bool): append(unescaped: flag.description)
        case .stringConvertible(let number as any FixedWidthInteger): append(unescaped: number.description)
        case .stringConvertible(let other): append(string: other.description)
        case .array(let values):
            append("[")
            for (index, element) in values.enumerated() {
                if index > 0 { append(",") }
                append(metadata: element)
            }
            append("]")
        case .dictionary(let values):
            append("{")
            for (index, element) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { append(",") }
                append(string: element.key)
                append(":")
                append(metadata: element.value)
            }
            append("}")
        }
    }
}
