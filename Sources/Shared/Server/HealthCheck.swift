import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Asks a running server whether it is healthy: the health check of an image that has no shell and no curl.
public enum HealthCheck {
    /// The exit status for a service that is away: `EX_UNAVAILABLE` of sysexits.h.
    public static let unavailableStatus: Int32 = 69

    /// The address to ask, for a server that listens where these two settings say.
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
        try reader.finish()
        return address.url(port: number, path: path)
    }

    /// Sends one GET request.
    ///
    /// - Parameters:
    ///   - url: the address to ask.
    ///   - patience: how long to wait for the answer.
    /// - Returns: nil when the answer was 200, else one sentence saying what was wrong.
    public static func fault(at url: String, within patience: Duration = .seconds(3)) async -> String? {
        do {
            let request = HTTPClientRequest(url: url)
            let response = try await HTTPClient.shared.execute(request, timeout: TimeAmount(patience))
            return response.status == .ok ? nil : "\(url) answered \(response.status.code)"
        } catch {
            return "\(url) did not respond"
        }
    }
}
