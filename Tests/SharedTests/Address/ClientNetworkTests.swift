import Testing

@testable import Shared

/// A17: The clients that share a limit.
@Suite struct ClientNetworkTests {
    @Test(
        "A17 Clients in one network share a limit",
        arguments: [
            ("203.0.113.7", "203.0.113.0/24"), ("203.0.113.255", "203.0.113.0/24"),
            ("::ffff:203.0.113.9", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("::1", "0:0:0:0::/64"), ("nonsense", "unknown"), ("", "unknown"),
        ]
    )
    func networks(address: String, network: String) {
        #expect(ClientNetwork.of(address) == network)
        #expect(ClientNetwork.of(nil) == "unknown")
    }
}
