import Configuration
import Testing

@testable import Shared

/// W8, W30: The strict parser of addresses and ranges.
@Suite struct IPAddressTests {
    @Test(
        "W30 Every address has one canonical form",
        arguments: [
            ("198.18.7.9", "198.18.7.9"), ("::ffff:198.18.7.9", "198.18.7.9"), ("::FFFF:C612:709", "198.18.7.9"),
            ("2001:DB8::0:2", "2001:db8::2"), ("::", "::"), ("::1", "::1"), ("0.0.0.0", "0.0.0.0"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ]
    )
    func spelling(text: String, expected: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == expected)
        #expect(IPAddress(expected) == address)
        #expect(IPAddress(bytes: address.bytes) == address)
        #expect(IPAddress(host: address.urlHost) == address)
    }

    @Test(
        "Invalid addresses are rejected",
        arguments: [
            "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4\n",
            "1.2.3.4\u{0}", "1.2.3.4:80", "[::1]", "::1%lo", ":::", "1::2::3", "12345::", "g::", "localhost", "*",
            "0x7f.1",
            "١.٢.٣.٤", "1.2.3.4/8", String(repeating: ":", count: 4096),
        ]
    )
    func noAddress(text: String) { #expect(IPAddress(text) == nil) }

    @Test("In a URL, only an IPv6 host has brackets")
    func hosts() {
        #expect(IPAddress(host: "[::1]")?.description == "::1")
        #expect(IPAddress(host: "127.0.0.1")?.description == "127.0.0.1")
        for text in ["::1", "[127.0.0.1]", "[]", "[", "[::1", "::1]", "[[::1]]", "[::1]:80", ""] {
            #expect(IPAddress(host: text) == nil)
        }
    }

    @Test(
        "W8 Ranges contain their addresses and no others",
        arguments: [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"), ("100.64.0.0/10", "100.127.255.255", "100.128.0.0"),
            ("192.168.1.7", "192.168.1.7", "192.168.1.8"), ("192.168.1.7/32", "192.168.1.7", "192.168.1.6"),
            ("0.0.0.0/0", "255.255.255.255", "::1"), ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
            ("::1", "::1", "127.0.0.1"), ("::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0"),
            ("fc00::/7", "fdff::1", "fe00::1"),
        ]
    )
    func networks(network: String, inside: String, outside: String) throws {
        let network = try #require(IPNetwork(network))
        #expect(network.contains(try #require(IPAddress(inside))))
        #expect(!network.contains(try #require(IPAddress(outside))))
        #expect(IPNetwork(network.description) == network)
    }

    @Test(
        "Invalid ranges are rejected",
        arguments: [
            "", "/", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/a",
            "10.0.0/8", "::/129", "[::1]/64", "*", "10.0.0.0-10.0.0.9", "::ffff:10.0.0.0/8", "localhost",
        ]
    )
    func noNetwork(text: String) { #expect(IPNetwork(text) == nil) }

    @Test("W8 TRUSTED_PEERS is a list of addresses and ranges; a wrong one is named")
    func setting() throws {
        func settings(_ value: String) -> (networks: [IPNetwork], faults: [String]) {
            let environment = EnvironmentVariablesProvider(environmentVariables: ["TRUSTED_PEERS": value])
            var reader = SettingsReader(ConfigReader(provider: environment))
            let settings = CommonSettings(from: &reader)
            return (settings.trustedPeers, reader.faults)
        }
        #expect(settings("").networks == .privateNetworks)
        #expect(settings("100.64.0.0/10, ::1").networks.map(\.description) == ["100.64.0.0/10", "::1"])
        let wrong = settings("10.0.0.0/8,everybody,10.0.0.300")
        #expect(wrong.faults.count == 2)
        #expect(wrong.faults.allSatisfy { $0.hasPrefix("TRUSTED_PEERS: ") })
        #expect(wrong.faults.first?.contains("everybody") == true)
    }
}
