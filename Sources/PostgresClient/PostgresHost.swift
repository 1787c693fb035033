import Glibc

/// One address of a server; connecting tries them one after the other.
package struct PostgresHost: Sendable, Equatable {
    /// The host name, or the folder of a socket; nil when libpq's default applies.
    package var name: String?
    /// The address of the name; nil when libpq resolves it.
    package var address: String?
    /// The port; nil when libpq's default applies.
    package var port: String?

    /// One host for each address of the name, in the order in which to try them.
    ///
    /// The resolver blocks, for several seconds if it gets no response. Throws `PostgresError` of kind `.notConnected`.
    package func resolved() throws(PostgresError) -> [PostgresHost] {
        guard let name, address == nil, !name.isEmpty, !name.hasPrefix("/"), !name.hasPrefix("@") else { return [self] }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(name, nil, &hints, &list)
        guard status == 0 else {
            let reason = unsafe String(cString: gai_strerror(status))
            throw .unavailable(.notConnected, "could not translate host name \"\(name)\" to address: \(reason)")
        }
        defer { unsafe freeaddrinfo(list) }
        var hosts: [PostgresHost] = []
        var next = unsafe list
        while let entry = unsafe next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let size = socklen_t(text.count)
            if unsafe getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, size, nil, 0, NI_NUMERICHOST) == 0 {
                let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                hosts.append(PostgresHost(name: name, address: address, port: port))
            }
            unsafe next = entry.ai_next
        }
        return hosts
    }
}

extension PostgresConfiguration {
    /// The hosts of the connection string; one without a name when libpq's default applies.
    package var hosts: [PostgresHost] {
        let names = list("host"), addresses = list("hostaddr"), ports = list("port")
        return (0..<max(names.count, addresses.count, 1)).map { index in
            // A single port applies to all hosts.
            let port = ports.count > 1 ? ports[safe: index] : ports.first
            return PostgresHost(name: names[safe: index], address: addresses[safe: index], port: port)
        }
    }

    /// The session attributes to require, one round over all hosts for each; nil when libpq's default applies.
    ///
    /// libpq gets one host at a time, so it cannot prefer one to another.
    package var sessionAttributes: [String?] {
        list("target_session_attrs") == ["prefer-standby"] && hosts.count > 1 ? ["standby", "any"] : [nil]
    }

    /// The keywords and values for one of the hosts.
    package func connectionParameters(for host: PostgresHost, sessionAttributes: String?) -> [ConnectionString
        .Parameter]
    {
        let ofHost = ["host", "hostaddr", "port"]
        var parameters = connectionParameters.filter { !ofHost.contains($0.keyword) }
        let values = [("host", host.name), ("hostaddr", host.address), ("port", host.port)]
        for (keyword, value) in values + [("target_session_attrs", sessionAttributes)] {
            if let value { parameters.append((keyword: keyword, value: value)) }
        }
        return parameters
    }

    /// The parts of a comma-separated value; an empty part means libpq's default.
    private func list(_ keyword: String) -> [String] {
        value(of: keyword)?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
    }
}

extension Array {
    /// The element at that index, if it exists.
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
