import Glibc

/// One place where a server may listen; connecting tries them one after the other.
package struct PostgresHost: Sendable, Equatable {
    /// The host's name, or the folder of a socket; nil leaves it to libpq.
    package var name: String?
    /// The address that the name stands for; nil has libpq find it.
    package var address: String?
    /// The port; nil leaves it to libpq.
    package var port: String?

    /// The same host at each address of its name, in the order in which to try them.
    ///
    /// The resolver blocks, for some seconds when it gets no answer. Throws `PostgresError` of kind `.notConnected`.
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
    /// The hosts that the connection string lists; one without a name where it leaves them to libpq.
    package var hosts: [PostgresHost] {
        let names = list("host"), addresses = list("hostaddr"), ports = list("port")
        return (0..<max(names.count, addresses.count, 1)).map { index in
            // One port stands for all hosts.
            let port = ports.count > 1 ? ports[safe: index] : ports.first
            return PostgresHost(name: names[safe: index], address: addresses[safe: index], port: port)
        }
    }

    /// What to ask of the hosts' sessions, in turn; nil leaves that to libpq.
    ///
    /// libpq sees one host at a time, so it cannot prefer one to another.
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

    /// The parts of a value that may hold several with commas between; an empty part stands for what libpq takes.
    private func list(_ keyword: String) -> [String] {
        value(of: keyword)?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
    }
}

extension Array {
    /// The element, where there is one at that place.
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
