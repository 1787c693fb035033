import FoundationEssentials

import Glibc

/// Sends the state of this process to systemd, as sd_notify(3) specifies it.
///
/// Without `NOTIFY_SOCKET`, which systemd sets for units with `Type=notify`, nothing is sent. A message that cannot be
/// delivered is dropped: the service must not fail because of it.
public struct ServiceNotification: Sendable {
    /// The maximum length of a status in bytes; a longer one is truncated.
    static let maximumStatusLength = 500
    /// The size of `sun_path` (unix(7)) in bytes.
    private static let maximumPathLength = 108

    /// The path of the socket, with a first byte of zero in the abstract namespace; nil when there is none.
    private let path: [UInt8]?

    /// Creates the sender for the socket of the environment.
    public init() { self.init(socket: ProcessInfo.processInfo.environment["NOTIFY_SOCKET"]) }

    /// Creates the sender.
    ///
    /// - Parameter socket: an absolute path, or `@` and a name in the abstract namespace; other values send nothing.
    init(socket: String?) {
        guard let socket, socket.utf8.count > 1, !socket.utf8.contains(0) else {
            path = nil
            return
        }
        switch socket.utf8.first {
        // A path ends with a zero byte, a name does not.
        case UInt8(ascii: "/"): path = Array(socket.utf8) + [0]
        case UInt8(ascii: "@"): path = [0] + socket.utf8.dropFirst()
        default: path = nil
        }
    }

    /// Reports that the service is ready.
    public func ready() { send("READY=1\nSTATUS=Ready") }

    /// Reports that the service has begun to stop.
    public func stopping() { send("STOPPING=1\nSTATUS=Finishing requests") }

    /// Reports what the service does, for `systemctl status`.
    public func status(_ text: String) { send("STATUS=\(Self.line(text))") }

    /// The text on one line: a line break would start another variable.
    static func line(_ text: String) -> String {
        let line = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : String($0) }.joined()
        return String(decoding: line.utf8.prefix(maximumStatusLength), as: UTF8.self)
    }

    private func send(_ message: String) {
        guard let path, path.count <= Self.maximumPathLength else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // A manager that does not read must not stop the service.
        var timeout = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))

        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let bytes = Array(message.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), pointer, length)
            }
        }
    }
}
