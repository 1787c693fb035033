import CLibPQ

/// Parses and validates connection strings.
///
/// No error repeats a part of one.
package enum ConnectionString {
    /// One of libpq's keywords with its value.
    package typealias Parameter = (keyword: String, value: String)

    private static let sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
    private static let sessionAttributes = ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"]

    /// Splits a URL or `keyword=value` string with libpq's own parser and checks what libpq checks only when
    /// connecting.
    package static func parse(_ string: String) throws(PostgresConfiguration.Faults) -> [Parameter] {
        guard !string.utf8.contains(0), !string.isEmpty else {
            throw PostgresConfiguration.Faults(lines: ["the connection string is empty or contains a NUL character"])
        }
        if string.hasPrefix("\"") || string.hasPrefix("'") {
            // `docker run --env-file` and others do not remove quotation marks.
            throw PostgresConfiguration.Faults(lines: ["the connection string is in quotation marks; remove them"])
        }
        if let scheme = string.firstRange(of: "://").map({ string[..<$0.lowerBound] }),
            !["postgres", "postgresql"].contains(scheme), !scheme.contains("=")
        {
            // Libraries of other languages use schemes such as `postgresql+asyncpg`.
            throw PostgresConfiguration.Faults(lines: ["the connection URL must start with postgresql://"])
        }
        // libpq's message would repeat a part of the string, which may be a part of the password.
        guard let options = unsafe PQconninfoParse(string, nil) else {
            throw PostgresConfiguration.Faults(lines: [
                "the connection string cannot be read; write postgresql://user:password@host:port/database, with "
                    + "special characters in the password percent-encoded (%40 for @), and only parameters that libpq knows"
            ])
        }
        defer { unsafe PQconninfoFree(options) }
        var parameters: [Parameter] = []
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe parameters.append((keyword: String(cString: keyword), value: String(cString: value)))
            }
            unsafe option += 1
        }
        let faults = faults(in: parameters)
        guard faults.isEmpty else { throw PostgresConfiguration.Faults(lines: faults) }
        return parameters
    }

    /// Every fault in the parameters, as sentences without values.
    package static func faults(in parameters: [Parameter]) -> [String] {
        var faults: [String] = []
        func value(_ keyword: String) -> String? { parameters.last { $0.keyword == keyword }?.value }
        if parameters.contains(where: { $0.value.utf8.contains(0) }) {
            faults.append("the database settings must not contain a NUL character")
        }
        let hosts = (value("host") ?? "").split(separator: ",", omittingEmptySubsequences: false)
        if hosts.contains(where: { !isPlausibleHost($0) }) {
            faults.append(
                "the database host is not a host name; if the password contains @ / : ? or #, write them as %40 %2F %3A %3F %23"
            )
        }
        if hosts.contains(where: { $0.hasPrefix("[") }) {
            faults.append("after host=, write an IPv6 address without brackets")
        }
        let ports = (value("port") ?? "").split(separator: ",", omittingEmptySubsequences: false)
        if ports.contains(where: { !$0.isEmpty && !(1...65535).contains(Int($0) ?? 0) }) {
            faults.append("the database port must be a number from 1 to 65535")
        } else if ports.count > 1, ports.count != hosts.count {
            faults.append("the number of database ports must be one or the number of hosts")
        }
        if let name = value("dbname"), name.isEmpty || name.contains("@") || name.contains("/") {
            faults.append("the database name is empty or contains @ or /; in a password, write these as %40 and %2F")
        }
        if value("user")?.isEmpty == true {
            faults.append("the database user is empty")
        }
        if let mode = value("sslmode"), !sslModes.contains(mode) {
            faults.append("sslmode must be one of " + sslModes.joined(separator: ", "))
        }
        if let attributes = value("target_session_attrs"), !sessionAttributes.contains(attributes) {
            faults.append("target_session_attrs must be one of " + sessionAttributes.joined(separator: ", "))
        }
        if let timeout = value("connect_timeout"), Int(timeout) == nil {
            faults.append("connect_timeout must be a number of seconds")
        }
        return faults
    }

    /// Whether the text can be a host name, an address or the folder of a socket.
    private static func isPlausibleHost(_ host: Substring) -> Bool {
        host.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "@") && $0 != UInt8(ascii: "?") }
    }
}
