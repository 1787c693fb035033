import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Tells why a server could not listen, in words that name the way out.
public enum ListenFault {
    /// Says on standard error why a server could not start, if that is about the address that it was to listen on; gives
    /// the exit status, or nil when the error is about something else and nothing was said.
    public static func report(_ error: any Error, host: String, port: Int, setting: SettingName) -> Int32? {
        guard let explanation = explanation(of: error, host: host, port: port, setting: setting) else { return nil }
        StandardError.print(explanation)
        return HealthCheck.unavailableStatus
    }

    /// One sentence for an error of starting a server; nil when the error is not about its address.
    ///
    /// - Parameters:
    ///   - error: what the server threw.
    ///   - host: the address that it was to listen on.
    ///   - port: the port.
    ///   - setting: the setting that chooses the port.
    /// - Returns: the sentence.
    public static func explanation(of error: any Error, host: String, port: Int, setting: SettingName) -> String? {
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            "port \(port) on \(host) is in use; choose another with \(setting.rawValue)"
        case let error as IOError where error.errnoCode == EACCES:
            "port \(port) on \(host) needs more rights than this process has; choose another with \(setting.rawValue)"
        case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
            "\(host) is not an address of this machine"
        default: nil
        }
    }
}
