import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A port on this machine that never responds.
final class UnresponsiveListener: Sendable {
    /// The port.
    let port: Int
    private let sockets: [Int32]

    /// Accepts connections and sends nothing; with `full`, does not even accept them, like a host that drops every packet.
    init(full: Bool = false) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard bind(listener, pointer, length) == 0, listen(listener, full ? 0 : 100) == 0 else {
                    return Int32(-1)
                }
                return getsockname(listener, pointer, &length)
            }
        }
        guard status == 0 else { throw TestCommand.Failure(description: "no port is free") }
        let port = Int(UInt16(bigEndian: address.sin_port))
        self.port = port
        // The backlog is filled, so the system does not respond to further connections either.
        sockets = [listener] + (full ? (0..<4).map { _ in Self.startConnecting(port) } : [])
    }

    deinit {
        for each in sockets { close(each) }
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// Starts to connect and does not wait.
    private static func startConnecting(_ port: Int) -> Int32 {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = Self.address(port: port)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return client
    }
}
