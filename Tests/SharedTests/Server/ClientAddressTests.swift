import NIOCore
import Testing

@testable import Shared

/// N3: who may say where a request comes from.
@Suite struct ClientAddressTests {
    @Test(
        "Peers on loopback and private networks are believed",
        arguments: [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::1", "fd00::1", "::ffff:10.0.0.1",
        ]
    )
    func trusted(peer: String) throws {
        let address = try SocketAddress(ipAddress: peer, port: 1)
        #expect(ClientAddress.isTrusted(address))
        #expect(ClientAddress.of(peer: address, realIP: "203.0.113.9") == "203.0.113.9")
        #expect(ClientAddress.of(peer: address, realIP: "2001:db8::1") == "2001:db8::1")
    }

    @Test(
        "Others are not",
        arguments: [
            "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.169.0.1", "11.0.0.1", "2001:db8::1", "fe80::1",
            "::ffff:8.8.8.8",
        ]
    )
    func untrusted(peer: String) throws {
        let address = try SocketAddress(ipAddress: peer, port: 1)
        #expect(!ClientAddress.isTrusted(address))
        #expect(ClientAddress.of(peer: address, realIP: "203.0.113.9") == address.ipAddress)
    }

    // A missing proxy header must not switch off whatever counts by address.
    @Test(
        "A missing or broken header means the peer",
        arguments: [nil, "", "unknown", "203.0.113.9, 10.0.0.1", "1.2.3.4\n5"]
    )
    func missing(header: String?) throws {
        let peer = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        #expect(ClientAddress.of(peer: peer, realIP: header) == "127.0.0.1")
    }

    @Test("A request id is taken from the proxy alone, and only when it is one (E5)")
    func requestID() throws {
        let proxy = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        let stranger = try SocketAddress(ipAddress: "8.8.8.8", port: 1)
        let id = "0123456789abcdef0123456789abcdef"
        #expect(RequestIdentifier.of(id, by: proxy) == id)
        #expect(RequestIdentifier.of(id, by: stranger) != id)
        for bad in [
            nil, "", "short", String(repeating: "a", count: 65), "with space 1234", "line\nbreak1234", "\"quoted\"1234",
        ] {
            let made = RequestIdentifier.of(bad, by: proxy)
            #expect(made.count == 32 && made.allSatisfy(\.isHexDigit))
        }
    }
}
