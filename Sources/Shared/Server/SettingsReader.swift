public import Configuration
import FoundationEssentials

/// Reads settings one by one and remembers every fault, so that all of them can be reported together.
///
/// A setting that is present must be readable: a typing error never falls back to the default. An empty value counts as
/// absent, which is what `NAME=` in an environment file and `${NAME:-}` in a compose file mean. White space around a
/// value is dropped, wherever the value comes from (``SettingText``).
public struct SettingsReader {
    private let reader: ConfigReader
    /// One line per missing or invalid setting, each starting with the setting's name.
    public private(set) var faults: [String] = []

    /// Reads from the given source; programs pass the process environment.
    public init(_ reader: ConfigReader) { self.reader = reader }

    /// Reads from the process environment.
    public init() { self.init(ConfigReader(provider: EnvironmentVariablesProvider())) }

    /// The file that `NAME_FILE` names; nil when the variable is absent or the value is no secret.
    ///
    /// A rotation leaves SECRET_KEY_PREVIOUS beside the file of SECRET_KEY, under that file's name and `_previous`.
    public func file(of name: SettingName) -> String? {
        guard name.isSecret else { return nil }
        if let path = raw(name.rawValue + "_FILE") { return path }
        guard name == .secretKeyPrevious, !isInEnvironment(name), let key = file(of: .secretKey) else { return nil }
        let path = key + "_previous"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// Whether the variable itself is set.
    public func isInEnvironment(_ name: SettingName) -> Bool { raw(name.rawValue) != nil }

    /// Whether the setting is there, in the environment or in a file.
    public func isSet(_ name: SettingName) -> Bool { isInEnvironment(name) || file(of: name) != nil }

    /// Records that a setting is missing or invalid.
    public mutating func fault(_ name: SettingName, _ reason: String) {
        faults.append("\(name.rawValue): \(reason)")
    }

    /// Whether a fault of the setting has been recorded.
    public func hasFault(_ name: SettingName) -> Bool {
        faults.contains { $0.hasPrefix("\(name.rawValue):") }
    }

    /// The setting's text, from the variable or, for a secret, from the file that `NAME_FILE` names.
    public mutating func text(_ name: SettingName) -> String? {
        let direct = raw(name.rawValue)
        guard let path = file(of: name) else { return direct.flatMap { clean($0, name, name.rawValue) } }
        let source = "the file named by \(name.rawValue)_FILE"
        guard direct == nil else {
            fault(name, "set either \(name.rawValue) or \(name.rawValue)_FILE, not both")
            return nil
        }
        do {
            let bytes = try BoundedFile.read(path, limit: 65_536)
            guard let content = String(validating: bytes, as: UTF8.self) else {
                fault(name, "\(source) is not text in UTF-8")
                return nil
            }
            let value = SettingText.trimmed(content)
            guard !value.isEmpty else {
                fault(name, "\(source) is empty")
                return nil
            }
            return clean(value, name, source)
        } catch {
            fault(name, "\(source) cannot be read: \(error.reason)")
            return nil
        }
    }

    /// The setting's text or the default.
    public mutating func text(_ name: SettingName, default fallback: String) -> String { text(name) ?? fallback }

    /// A secret, or nil when it is absent.
    public mutating func secret(_ name: SettingName) -> Secret? { text(name).map(Secret.init) }

    /// A whole number within a range, or the default.
    public mutating func integer(_ name: SettingName, in range: ClosedRange<Int>, default fallback: Int) -> Int {
        guard let text = text(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            // Kubernetes sets `API_PORT=tcp://10.0.0.1:8000` in every pod beside a service of the name `api`.
            let isLink = text.hasPrefix("tcp://")
            let hint = isLink ? "; Kubernetes sets it for a service of that name: enableServiceLinks: false" : ""
            fault(
                name,
                "must be an integer from \(range.lowerBound) to \(range.upperBound), not \(quoted(text))\(hint)"
            )
            return fallback
        }
        return value
    }

    /// A port that is on only when it is set, and is not the given one; 0 for any free one, in tests.
    public mutating func port(_ name: SettingName, otherThan taken: Int) -> Int? {
        guard text(name) != nil else { return nil }
        let port = integer(name, in: 0...65_535, default: 0)
        if port != 0, port == taken { fault(name, "is the port of the server itself") }
        return port
    }

    /// A yes or no, or the default.
    public mutating func boolean(_ name: SettingName, default fallback: Bool) -> Bool {
        guard let text = text(name) else { return fallback }
        switch text.lowercased() {
        case "true", "yes", "1", "on": return true
        case "false", "no", "0", "off": return false
        default:
            fault(name, "must be true or false, not \(quoted(text))")
            return fallback
        }
    }

    /// One of a closed list of words, or the default.
    public mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: SettingName,
        default fallback: Choice
    ) -> Choice where Choice.RawValue == String {
        guard let text = text(name) else { return fallback }
        guard let value = Choice.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            fault(name, "must be one of \(words), not \(quoted(text))")
            return fallback
        }
        return value
    }

    /// A comma-separated list; blanks around the parts and empty parts are dropped.
    public mutating func list(_ name: SettingName) -> [String] {
        (text(name) ?? "").split(separator: ",").map { String($0).trimmingBlanks() }.filter { !$0.isEmpty }
    }

    /// A host, or the default.
    public mutating func host(_ name: SettingName, default fallback: SettingHost) -> SettingHost {
        guard let text = text(name) else { return fallback }
        do {
            return try SettingHost(text)
        } catch {
            fault(name, "\(error.reason), not \(quoted(text))")
            return fallback
        }
    }

    /// The origin of an address (`https://example.com`), or the default.
    public mutating func origin(_ name: SettingName, default fallback: WebOrigin) -> WebOrigin {
        guard let text = text(name) else { return fallback }
        return origin(text, of: name) ?? fallback
    }

    /// A comma-separated list of origins, none of them a wildcard.
    public mutating func origins(_ name: SettingName) -> Set<WebOrigin> {
        var origins: Set<WebOrigin> = []
        for text in list(name) {
            if text.contains("*") {
                fault(name, "a wildcard would let every site act for a signed-in visitor; name each origin")
            } else if let origin = origin(text, of: name) {
                origins.insert(origin)
            }
        }
        return origins
    }

    private mutating func origin(_ text: String, of name: SettingName) -> WebOrigin? {
        do {
            return try WebOrigin(reading: text)
        } catch {
            fault(name, "\(quoted(text)) is not an address like https://example.com: \(error.reason)")
            return nil
        }
    }

    /// A list of hosts or addresses, with commas, blanks or both between; nil when the setting is absent.
    public mutating func hosts(_ name: SettingName) -> [String]? {
        guard let text = text(name) else { return nil }
        let parts = text.split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(String.init)
        if parts.isEmpty { fault(name, "contains no address") }
        return parts
    }

    /// A list of addresses and ranges, or the default.
    public mutating func networks(_ name: SettingName, default fallback: [IPNetwork]) -> [IPNetwork] {
        guard let parts = hosts(name) else { return fallback }
        return parts.compactMap { part in
            let isBracketed = part.hasPrefix("[") && part.hasSuffix("]")
            if let network = isBracketed
                ? IPAddress(host: part).flatMap({ IPNetwork($0.description) }) : IPNetwork(part)
            {
                return network
            }
            fault(name, "\(quoted(part)) is neither an IP address nor a range such as 10.0.0.0/8 or fd00::/8")
            return nil
        }
    }

    /// Ends reading.
    ///
    /// - Throws: ``SettingsFaults`` when any setting was missing or invalid.
    public func finish() throws(SettingsFaults) {
        guard faults.isEmpty else { throw SettingsFaults(lines: faults) }
    }

    private func raw(_ name: String) -> String? {
        guard let value = reader.string(forKey: ConfigKey([name])) else { return nil }
        let trimmed = SettingText.trimmed(value)
        return trimmed.isEmpty ? nil : trimmed
    }

    /// The value, or nil and a fault when it holds what no setting can hold.
    private mutating func clean(_ value: String, _ name: SettingName, _ source: String) -> String? {
        guard let found = SettingText.forbidden(in: value) else { return value }
        fault(name, "\(source == name.rawValue ? "" : source + " ")contains \(found)")
        return nil
    }

    /// The value for a message: cut, and without characters that could disturb a terminal or a log.
    public func quoted(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(60).map { $0.properties.generalCategory == .control ? "?" : String($0) }
        return "\"\(shown.joined())\""
    }
}

/// Everything that is wrong with the settings.
public struct SettingsFaults: Error, CustomStringConvertible {
    /// The exit status for a configuration error: `EX_CONFIG` of sysexits.h.
    public static let exitStatus: Int32 = 78

    /// One line a fault, each starting with the setting's name.
    public let lines: [String]

    /// Makes the error.
    public init(lines: [String]) { self.lines = lines }

    /// The lines, one below the other.
    public var description: String { lines.joined(separator: "\n") }

    /// Prints the faults on standard error, and the names in the environment that may explain them.
    public func report() {
        for line in lines { StandardError.print(line) }
        UnknownSettings.report()
    }
}
