import FoundationEssentials
import NIOCore
import Shared

/// Checks who can reach the API directly, without the reverse proxy.
struct ServerReach: Sendable {
    /// The address that the API listens on.
    let host: String
    let trustedPeers: [IPNetwork]
    /// Whether `TRUSTED_PEERS` is set explicitly.
    let isTrustSet: Bool
    /// Whether the API is in a network of this site's containers only.
    var isContainer = Self.runsInContainer
    /// The addresses of this machine.
    var addresses = Self.ownAddresses

    func findings() -> [Finding] {
        let exposed = exposedAddresses
        let names = exposed.map(\.description).joined(separator: ", ")
        guard !exposed.isEmpty else { return [.ok("API_HOST", "\(host): only this machine reaches the API")] }
        let advice =
            "set API_HOST and FRONTEND_HOST to 127.0.0.1 where nginx runs on this machine, or let a firewall admit only nginx"
        guard exposed.allSatisfy({ trustedPeers.contains($0) }) else {
            return [
                .fix(
                    "API_HOST",
                    "the API listens on \(names): machines outside TRUSTED_PEERS can reach it, bypassing nginx and its limits",
                    advice
                )
            ]
        }
        if isTrustSet || isContainer { return [.ok("API_HOST", "\(names), which TRUSTED_PEERS covers")] }
        return [
            .note(
                "API_HOST",
                "the API listens on \(names): every machine of that network can choose its client address",
                "\(advice), or set TRUSTED_PEERS to the addresses of nginx and the frontend"
            )
        ]
    }

    /// The addresses that other machines can reach.
    private var exposedAddresses: [IPAddress] {
        let own = addresses.filter { !Self.isLocal($0) }
        guard let listening = IPAddress(host) ?? IPAddress(host: host) else { return host == "localhost" ? [] : own }
        guard listening.isUnspecified else { return Self.isLocal(listening) ? [] : [listening] }
        // `::` accepts IPv4 as well.
        return own.filter { !listening.isIPv4 || $0.isIPv4 }
    }

    /// Whether an address is on loopback or valid on one link only.
    static func isLocal(_ address: IPAddress) -> Bool {
        address.isLoopback || ["169.254.0.0/16", "fe80::/10"].compactMap { IPNetwork($0) }.contains(address)
    }

    static var ownAddresses: [IPAddress] {
        let devices = (try? System.enumerateDevices()) ?? []
        return devices.compactMap { $0.address.flatMap { IPAddress($0) } }
    }

    static var runsInContainer: Bool {
        ["/.dockerenv", "/run/.containerenv"].contains { FileManager.default.fileExists(atPath: $0) }
    }
}
