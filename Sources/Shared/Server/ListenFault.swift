import NIOCore

import Glibc

/// A server cannot listen on the address of the settings: the reason, and the setting to change.
public struct ListenFault: Error, CustomStringConvertible {
    /// The address of a server, with the names of its settings.
    public struct Address: Sendable {
        let host: SettingHost
        let hostSetting: SettingName
        let port: Int
        let portSetting: SettingName

        /// Creates an address.
        public init(_ host: SettingHost, _ hostSetting: SettingName, port: Int, _ portSetting: SettingName) {
            self.host = host
            self.hostSetting = hostSetting
            self.port = port
            self.portSetting = portSetting
        }
    }

    /// One sentence that begins with the name of the setting to change.
    public let description: String

    /// Binds each address briefly before anything else starts, so that one line explains why a server cannot start.
    ///
    /// - Throws: ``ListenFault`` for the first address that cannot be bound.
    public static func check(_ addresses: [Address]) throws(ListenFault) {
        for address in addresses {
            guard let target = try? SocketAddress.makeAddressResolvingHost(address.host.description, port: address.port)
            else { throw ListenFault(address, nil) }
            if let code = refusal(of: target) { throw ListenFault(address, code) }
        }
    }

    /// The error number of binding a socket like a server; nil on success.
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

    /// Explains why an address cannot be bound: by the error number, or nil when the name cannot be resolved.
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
