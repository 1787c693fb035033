import Shared
import Testing

@testable import AuthAPI

/// W8: Whether clients other than the trusted peers reach the API.
@Suite struct ServerReachTests {
    private static let machine = ["127.0.0.1", "::1", "192.168.1.5", "fe80::1"]

    private func finding(
        at host: String,
        trusting trusted: [String]? = nil,
        addresses: [String] = machine,
        isContainer: Bool = false
    ) throws -> Finding {
        let found = ServerReach(
            host: host,
            trustedPeers: trusted?.compactMap { IPNetwork($0) } ?? .privateNetworks,
            isTrustSet: trusted != nil,
            isContainer: isContainer,
            addresses: addresses.compactMap { IPAddress($0) }
        ).findings()
        #expect(found.count == 1)
        return try #require(found.first)
    }

    @Test(
        "W8 On loopback, only this machine reaches the API",
        arguments: ["127.0.0.1", "::1", "[::1]", "localhost", "127.8.9.1"]
    )
    func loopback(host: String) throws { #expect(try finding(at: host).level == .ok) }

    @Test(
        "W8 On all addresses of a machine with a public one, everyone reaches the API",
        arguments: ["0.0.0.0", "203.0.113.5"]
    )
    func publicAddress(host: String) throws {
        let found = try finding(at: host, addresses: Self.machine + ["203.0.113.5"])
        #expect(found.level == .fix)
        #expect(found.message.contains("203.0.113.5") && found.message.contains("TRUSTED_PEERS"))
        #expect(found.advice?.contains("API_HOST") == true)
        #expect(try finding(at: host, addresses: Self.machine + ["203.0.113.5"], isContainer: true).level == .fix)
    }

    @Test("W8 On a private network, other machines can choose their client address, until TRUSTED_PEERS is set")
    func privateNetwork() throws {
        for host in ["0.0.0.0", "::", "192.168.1.5"] {
            let found = try finding(at: host)
            #expect(found.level == .note)
            #expect(found.message.contains("192.168.1.5") && found.advice?.contains("TRUSTED_PEERS") == true)
        }
        #expect(try finding(at: "0.0.0.0", isContainer: true).level == .ok)
        #expect(try finding(at: "0.0.0.0", trusting: ["192.168.1.0/24"]).level == .ok)
        #expect(try finding(at: "0.0.0.0", trusting: ["192.168.1.9"]).level == .fix)
        #expect(try finding(at: "0.0.0.0", addresses: ["127.0.0.1", "::1", "2001:db8::5"]).level == .ok)
    }
}
