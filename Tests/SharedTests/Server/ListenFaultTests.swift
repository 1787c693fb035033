import Testing

@testable import Shared

#if canImport(Glibc)
    import Glibc
#endif

/// W71: An address on which a server cannot listen.
@Suite struct ListenFaultTests {
    @Test("W71: The fault names the setting of the port in use, not another one")
    func taken() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                try #require(bind(descriptor, pointer, size) == 0 && listen(descriptor, 1) == 0)
                try #require(getsockname(descriptor, pointer, &size) == 0)
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
        let host = try SettingHost("127.0.0.1")
        let free = ListenFault.Address(host, .apiHost, port: 0, .apiPort)
        let metrics = ListenFault.Address(host, .apiHost, port: port, .apiMetricsPort)
        try ListenFault.check([free])
        let fault = #expect(throws: ListenFault.self) { try ListenFault.check([free, metrics]) }
        let place = "port \(port) on 127.0.0.1"
        #expect(fault?.description == "API_METRICS_PORT: \(place) is in use; choose another with API_METRICS_PORT")
    }

    @Test("W71: A host of another machine, or an unknown one, is named by its setting")
    func host() throws {
        let elsewhere = ListenFault.Address(try SettingHost("192.0.2.1"), .frontendHost, port: 0, .frontendPort)
        let fault = #expect(throws: ListenFault.self) { try ListenFault.check([elsewhere]) }
        #expect(fault?.description == "FRONTEND_HOST: 192.0.2.1 is not an address of this machine")
        let unknown = ListenFault.Address(try SettingHost("nobody.invalid"), .apiHost, port: 0, .apiPort)
        let other = #expect(throws: ListenFault.self) { try ListenFault.check([unknown]) }
        #expect(other?.description == "API_HOST: the name nobody.invalid cannot be resolved")
        let low = ListenFault.Address(try SettingHost("::"), .apiHost, port: 80, .apiPort)
        let words = "API_PORT: port 80 on :: needs privileges that this process lacks; choose another with API_PORT"
        #expect(ListenFault(low, EACCES).description == words)
    }
}
