import FoundationEssentials
public import Logging

/// Writes each event as one line to standard output: a JSON object, or readable text for development.
public struct JSONLogHandler: LogHandler {
    /// The minimum level.
    public var logLevel: Logger.Level
    /// The metadata of every line of this logger.
    public var metadata: Logger.Metadata = [:]
    /// Adds metadata to every line.
    public var metadataProvider: Logger.MetadataProvider?

    private let format: LogFormat
    private let write: @Sendable ([UInt8]) -> Void

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - format: JSON lines or text.
    ///   - logLevel: the minimum level.
    ///   - write: receives a line with its line break, in UTF-8; by default, writes it to standard output.
    public init(
        format: LogFormat,
        logLevel: Logger.Level,
        write: @escaping @Sendable ([UInt8]) -> Void = { LogOutput.standard.append($0) }
    ) {
        self.format = format
        self.logLevel = logLevel
        self.write = write
    }

    /// Installs the handler for all loggers created from now on; call it once per process.
    ///
    /// - Parameters:
    ///   - settings: the format and the minimum level.
    ///   - leastLevel: a minimum level that overrides lower ones in the settings.
    public static func bootstrap(_ settings: CommonSettings, leastLevel: Logger.Level = .trace) {
        let level = max(settings.logLevel, leastLevel)
        let handler = JSONLogHandler(format: settings.logFormat, logLevel: level)
        LogOutput.standard.reportDropped { count in
            handler.line(of: .warning, "log lines dropped", ["count": .stringConvertible(count)])
        }
        LogOutput.writeStandardOutputAtExit()
        LoggingSystem.bootstrap { _ in handler }
    }

    /// Reads or writes one value of the metadata.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one event.
    public func log(event: LogEvent) {
        var own = event.metadata ?? [:]
        // Only the type of an error: its text could contain user input.
        if let error = event.error { own["error"] = .string(String(describing: type(of: error))) }
        write(line(of: event.level, event.message.description, own))
    }

    private func line(of level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> [UInt8] {
        let fields = fields(metadata)
        var line = JSONBytes()
        switch format {
        case .json:
            line.append("{\"timestamp\":\"")
            LogTimestamp.append(.now, to: &line)
            line.append("\",\"level\":\"")
            line.append(Self.name(of: level))
            line.append("\",\"message\":")
            line.append(string: message)
            for (key, value) in fields {
                line.append(",")
                line.append(string: key)
                line.append(":")
                line.append(metadata: value)
            }
            line.append("}\n")
        case .text:
            LogTimestamp.append(.now, to: &line)
            line.append(" ")
            line.append(Self.name(of: level))
            line.append(" ")
            line.append(escaped: message)
            for (key, value) in fields { line.append(escaped: " \(key)=\(value)") }
            line.append("\n")
        }
        return line.bytes
    }

    /// The metadata of an event, sorted by key; the event's own values override the logger's.
    private func fields(_ own: Logger.Metadata) -> [(key: String, value: Logger.MetadataValue)] {
        let provided = metadataProvider?.get() ?? [:]
        var fields: [(key: String, value: Logger.MetadataValue)] = []
        fields.reserveCapacity(8)
        for (key, value) in own { fields.append((key, value)) }
        for (key, value) in provided where own[key] == nil { fields.append((key, value)) }
        for (key, value) in metadata where own[key] == nil && provided[key] == nil { fields.append((key, value)) }
        fields.sort { $0.key < $1.key }
        return fields
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
    private mutating func append(convertible value: any CustomStringConvertible & Sendable) {
        // The usual types first: checking for any integer type is much slower.
        let type = type(of: value) as Any.Type
        if type == Int.self || type == Bool.self || (value as? Double)?.isFinite ?? (value is any FixedWidthInteger) {
            append(unescaped: value.description)
        } else {
            append(string: value.description)
        }
    }

    fileprivate mutating func append(metadata value: Logger.MetadataValue) {
        switch value {
        case .string(let text): append(string: text)
        case .stringConvertible(let value): append(convertible: value)
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
