import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A server cannot listen where the settings say: what the system refused, and the setting to change.
public struct ListenFault: Error, CustomStringConvertible {
    /// Where a server is to listen, and the settings that say so.
    public struct Address: Sendable {
        let host: SettingHost
        let hostSetting: SettingName
        let port: Int
        let portSetting: SettingName

        /// Names an address and its settings.
        public init(_ host: SettingHost, _ hostSetting: SettingName, port: Int, _ portSetting: SettingName) {
            self.host = host
            self.hostSetting = hostSetting
            self.port = port
            self.portSetting = portSetting
        }
    }

    /// One sentence that begins with the name of the setting to change.
    public let description: String

    /// Takes each address for a moment, before anything else is started, so that one line says why a server cannot start.
    ///
    /// - Throws: ``ListenFault`` for the first address that is refused.
    public static func check(_ addresses: [Address]) throws(ListenFault) {
        for address in addresses {
            guard let target = try? SocketAddress.makeAddressResolvingHost(address.host.description, port: address.port)
            else { throw ListenFault(address, nil) }
            if let code = refusal(of: target) { throw ListenFault(address, code) }
        }
    }

    /// The error number of binding a socket as a server does; nil when it is bound.
    private static func refusal(of target: SocketAddress) -> Int32? {
        let stream = Int32(SOCK_STREAM.rawValue)
        let descriptor = socket(target.protocol.rawValue, stream, 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var isOn: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isOn, socklen_t(MemoryLayout<Int32>.size))
        let status = target.withSockAddr { bind(descriptor, $0, socklen_t($1)) }
        return status == 0 ? nil : errno
    }

    /// Explains why an address is refused: the error number, or nil when its name is unknown.
    init(_ address: Address, _ code: Int32?) {
        let (host, port) = (address.hostSetting.rawValue, address.portSetting.rawValue)
        let place = "port \(address.port) on \(address.host)"
        switch code {
        case EADDRINUSE: description = "\(port): \(place) is in use; choose another with \(port)"
        case EACCES:
            description = "\(port): \(place) needs privileges that this process lacks; choose another with \(port)"
        case EADDRNOTAVAIL: description = "\(host): \(address.host) is not an address of this machine"
        case EAFNOSUPPORT: description = "\(host): this machine does not support addresses like \(address.host)"
        case let code?: description = "\(host): \(place) is not available: \(String(cString: strerror(code)))"
        case nil: description = "\(host): the name \(address.host) cannot be resolved"
        }
    }
}
