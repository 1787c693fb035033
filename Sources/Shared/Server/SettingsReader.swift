public import Configuration
import FoundationEssentials

/// Reads settings and collects every fault, so that all are reported together.
///
/// A setting that is present must be valid: a typing error never falls back to the default. An empty value counts as
/// absent, like `NAME=` in an environment file and `${NAME:-}` in a Compose file. White space around a value is
/// removed, whatever its source (``SettingText``).
public struct SettingsReader {
    private let reader: ConfigReader
    /// One line per missing or invalid setting, starting with the setting's name.
    public private(set) var faults: [String] = []
    /// The number of the provider whose settings are read: with 2, `OIDC_ISSUER` means `OIDC_2_ISSUER`.
    public var number = 1

    /// Reads from the given source; programs pass the process environment.
    public init(_ reader: ConfigReader) { self.reader = reader }

    /// Reads from the process environment.
    public init() { self.init(ConfigReader(provider: EnvironmentVariablesProvider())) }

    /// The file that `NAME_FILE` names or else that of the systemd credential `yoshikosan_name`; nil when there is neither
    /// or the value is not a secret.
    ///
    /// A rotation writes SECRET_KEY_PREVIOUS beside the file of SECRET_KEY, to a file with the suffix `_previous`.
    public func file(of name: SettingName) -> String? {
        guard name.isSecret else { return nil }
        if let path = raw(variable(name) + "_FILE") ?? credential(name) { return path }
        guard name == .secretKeyPrevious, !isInEnvironment(name), let key = file(of: .secretKey) else { return nil }
        let path = key + "_previous"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// Whether the variable itself is set.
    public func isInEnvironment(_ name: SettingName) -> Bool { raw(variable(name)) != nil }

    /// Whether the setting is present, in the environment or in a file.
    public func isSet(_ name: SettingName) -> Bool { isInEnvironment(name) || file(of: name) != nil }

    /// The name of the environment variable.
    public func variable(_ name: SettingName) -> String { name.variable(number: number) }

    /// Records that a setting is missing or invalid.
    public mutating func fault(_ name: SettingName, _ reason: String) {
        faults.append("\(variable(name)): \(reason)")
    }

    /// Whether a fault of the setting has been recorded.
    public func hasFault(_ name: SettingName) -> Bool {
        faults.contains { $0.hasPrefix("\(variable(name)):") }
    }

    /// The setting's text, from the variable or, for a secret, from the file that `NAME_FILE` names.
    public mutating func text(_ name: SettingName) -> String? {
        let variable = variable(name)
        let direct = raw(variable)
        guard let path = file(of: name) else { return direct.flatMap { clean($0, name, variable) } }
        let isNamed = raw(variable + "_FILE") != nil
        let source = isNamed ? "the file named by \(variable)_FILE" : "the file \(path)"
        guard direct == nil else {
            fault(name, "set either \(variable) or \(isNamed ? "\(variable)_FILE" : path), not both")
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
            guard !value.hasPrefix("\(variable)=") else {
                fault(name, "\(source) must contain the value only, not \(variable)= before it")
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

    /// A secret; nil when it is absent.
    public mutating func secret(_ name: SettingName) -> Secret? { text(name).map(Secret.init) }

    /// An integer within a range, or the default.
    public mutating func integer(_ name: SettingName, in range: ClosedRange<Int>, default fallback: Int) -> Int {
        guard let text = text(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            // Kubernetes sets `API_PORT=tcp://10.0.0.1:8000` in every pod if there is a service named `api`.
            let isLink = text.hasPrefix("tcp://")
            let hint = isLink ? "; Kubernetes sets it for a service of that name: set enableServiceLinks: false" : ""
            fault(
                name,
                "must be an integer from \(range.lowerBound) to \(range.upperBound), not \(quoted(text))\(hint)"
            )
            return fallback
        }
        return value
    }

    /// An optional port, which must differ from the given one.
    public mutating func port(_ name: SettingName, otherThan taken: Int) -> Int? {
        guard text(name) != nil else { return nil }
        // Not 0: operators mean "off" by it, but the system chooses a port.
        let port = integer(name, in: 1...65_535, default: 0)
        if port != 0, port == taken { fault(name, "is the port of the server itself") }
        return port
    }

    /// A Boolean, or the default.
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

    /// One of a closed list of values, or the default.
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

    /// A comma-separated list without empty parts and surrounding spaces.
    public mutating func list(_ name: SettingName) -> [String] {
        (text(name) ?? "").split(separator: ",").map { String($0).trimmingBlanks() }.filter { !$0.isEmpty }
    }

    /// A comma-separated list of email domains, in lower case and ASCII form; empty when the setting is absent.
    public mutating func domains(_ name: SettingName) -> [String] {
        guard text(name) != nil else { return [] }
        let texts = list(name)
        // An empty list would allow every domain.
        if texts.isEmpty { fault(name, "contains no domain") }
        return texts.compactMap { text in
            if let host = try? HostName(text), let email = try? EmailAddress(exactly: "a@\(host.ascii)") {
                return String(email.value.dropFirst(2))
            }
            fault(name, "\(quoted(text)) is not a domain like example.com")
            return nil
        }
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

    /// A URL without a path (`https://example.com`), or the default.
    public mutating func origin(_ name: SettingName, default fallback: WebOrigin) -> WebOrigin {
        guard let text = text(name) else { return fallback }
        return origin(text, of: name) ?? fallback
    }

    /// A comma-separated list of origins, without wildcards.
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

    /// A list of hosts or addresses, separated by commas or spaces; nil when the setting is absent.
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

    /// Reports the faults.
    ///
    /// - Throws: ``SettingsFaults`` when a setting was missing or invalid.
    public func throwIfInvalid() throws(SettingsFaults) {
        guard faults.isEmpty else { throw SettingsFaults(lines: faults) }
    }

    /// The file of a credential that systemd passes to the unit (`LoadCredential=`, systemd.exec(5)); nil without one.
    private func credential(_ name: SettingName) -> String? {
        guard let folder = raw("CREDENTIALS_DIRECTORY") else { return nil }
        let path = "\(folder)/yoshikosan_\(variable(name).lowercased())"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    private func raw(_ name: String) -> String? {
        guard let value = reader.string(forKey: ConfigKey([name])) else { return nil }
        let trimmed = SettingText.trimmed(value)
        return trimmed.isEmpty ? nil : trimmed
    }

    /// The value; nil and a fault when it contains a forbidden character.
    private mutating func clean(_ value: String, _ name: SettingName, _ source: String) -> String? {
        guard let found = SettingText.forbidden(in: value) else { return value }
        fault(name, "\(source == variable(name) ? "" : source + " ")contains \(found)")
        return nil
    }

    /// The value for a message: truncated, without the user and password of a URL, and without characters that could
    /// affect a terminal or a log.
    public func quoted(_ text: String) -> String {
        var text = text
        if let scheme = text.firstRange(of: "://"), let end = text.utf8.lastIndex(of: UInt8(ascii: "@")),
            scheme.upperBound <= end
        {
            text.replaceSubrange(scheme.upperBound..<end, with: "…")
        }
        let shown = text.unicodeScalars.prefix(60).map { $0.properties.generalCategory == .control ? "?" : String($0) }
        return "\"\(shown.joined())\""
    }
}

/// The faults of the settings.
public struct SettingsFaults: Error, CustomStringConvertible {
    /// The exit status for a configuration error: `EX_CONFIG` of sysexits.h.
    public static let exitStatus: Int32 = 78

    /// One line per fault, starting with the setting's name.
    public let lines: [String]

    /// Creates the error.
    public init(lines: [String]) { self.lines = lines }

    /// The lines as one text.
    public var description: String { lines.joined(separator: "\n") }

    /// Prints the faults to standard error, with warnings about unknown names that may explain them.
    public func report() {
        for line in lines { StandardError.print(line) }
        UnknownSettings.report()
    }
}
