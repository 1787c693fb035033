import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// The health check of an image without a shell and curl: sends a request to the running server.
public enum HealthCheck {
    /// The exit status for an unavailable service: `EX_UNAVAILABLE` of sysexits.h.
    public static let unavailableStatus: Int32 = 69

    /// The URL of the health check, for a server that listens on the address of these two settings.
    ///
    /// - Throws: ``SettingsFaults`` when one of them is invalid.
    public static func url(
        _ host: SettingName,
        _ port: SettingName,
        defaultPort: Int,
        path: String,
        from reader: SettingsReader = SettingsReader()
    ) throws(SettingsFaults) -> String {
        var reader = reader
        let address = reader.host(host, default: .anyIPv4)
        let number = reader.integer(port, in: 1...65_535, default: defaultPort)
        try reader.throwIfInvalid()
        return address.url(port: number, path: path)
    }

    /// Sends one GET request.
    ///
    /// - Parameters:
    ///   - url: the URL.
    ///   - timeout: how long to wait.
    /// - Returns: nil if the response was 200, otherwise one sentence with the problem.
    public static func fault(at url: String, within timeout: Duration = .seconds(3)) async -> String? {
        // AsyncHTTPClient traps at a host like `[`.
        let parts = url.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, WebOrigin("\(Substring(parts[0]))//\(Substring(parts[2]))") != nil else {
            return "\(url) is not a URL like http://127.0.0.1:8000/health/ready"
        }
        do {
            let request = HTTPClientRequest(url: url)
            let response = try await HTTPClient.shared.execute(request, timeout: TimeAmount(timeout))
            return response.status == .ok ? nil : "\(url) returned \(response.status.code)"
        } catch {
            return "\(url) did not respond"
        }
    }
}
