import Foundation
import NIOCore
import Testing

@testable import Shared

/// N3: Who may set the client address of a request.
@Suite struct ClientAddressTests {
    private static let proxy = "127.0.0.1"

    /// A row of the table with which nginx is tested, too (Tests/Outside/test_client_addresses.py).
    struct Row: Decodable, Sendable, CustomTestStringConvertible {
        let said: String
        /// Nil: the header is ignored.
        let client: String?
        let network: String?
        var testDescription: String { said }
    }

    static let table: [Row] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Support/client_addresses.json")
        return (try? JSONDecoder().decode([Row].self, from: Data(contentsOf: file))) ?? []
    }()

    private func client(_ peer: String, said: String?, trusting: [IPNetwork] = .privateNetworks) throws -> String {
        let peer = try SocketAddress(ipAddress: peer, port: 1)
        return ClientAddress.of(peer: peer, realIP: said, trusting: trusting)
    }

    @Test("The shared table has rows")
    func tableIsRead() { #expect(Self.table.count > 20) }

    @Test("W30 Every notation of an address means the same here and in nginx", arguments: Self.table)
    func spellings(row: Row) throws {
        let client = try client(Self.proxy, said: row.said)
        #expect(client == row.client ?? Self.proxy)
        #expect(ClientNetwork.of(client) == row.network ?? "127.0.0.0/24")
        // The header of an untrusted peer is ignored.
        #expect(try self.client("8.8.8.8", said: row.said) == "8.8.8.8")
    }

    @Test(
        "Peers on loopback and private networks are trusted",
        arguments: [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::1", "fd00::1", "::ffff:10.0.0.1",
        ]
    )
    func trusted(peer: String) throws {
        #expect(try client(peer, said: "203.0.113.9") == "203.0.113.9")
        #expect(try client(peer, said: "2001:db8::1") == "2001:db8::1")
    }

    @Test(
        "Other peers are not trusted",
        arguments: [
            ("8.8.8.8", "8.8.8.8"), ("172.15.0.1", "172.15.0.1"), ("172.32.0.1", "172.32.0.1"),
            ("192.169.0.1", "192.169.0.1"), ("11.0.0.1", "11.0.0.1"), ("2001:db8::1", "2001:db8::1"),
            ("fe80::1", "fe80::1"), ("::ffff:8.8.8.8", "8.8.8.8"), ("100.64.0.1", "100.64.0.1"),
        ]
    )
    func untrusted(peer: String, address: String) throws {
        #expect(try client(peer, said: "203.0.113.9") == address)
    }

    @Test("W8 TRUSTED_PEERS determines the trusted peers")
    func trustedPeers() throws {
        let networks = ["100.64.0.0/10", "2001:db8:7::/48"].compactMap { IPNetwork($0) }
        for peer in ["100.64.0.1", "100.127.255.255", "::ffff:100.64.9.9", "2001:db8:7::1"] {
            #expect(try client(peer, said: "203.0.113.9", trusting: networks) == "203.0.113.9")
        }
        for peer in ["192.168.1.7", "127.0.0.1", "100.128.0.1", "2001:db8:8::1"] {
            #expect(try client(peer, said: "203.0.113.9", trusting: networks) == peer)
        }
    }

    // A missing proxy header must not disable the limits by address.
    @Test("A missing or malformed header means the peer", arguments: [nil, "", "1.2.3.4\n5", "203.0.113.9\u{0}"])
    func missing(header: String?) throws {
        #expect(try client(Self.proxy, said: header) == Self.proxy)
        #expect(ClientAddress.of(peer: nil, realIP: header, trusting: .privateNetworks) == "unknown")
    }

    @Test("A local socket is the reverse proxy")
    func localSocket() throws {
        let peer = try SocketAddress(unixDomainSocketPath: "/run/site.socket")
        #expect(ClientAddress.of(peer: peer, realIP: "203.0.113.9", trusting: []) == "203.0.113.9")
        #expect(ClientAddress.of(peer: peer, realIP: nil, trusting: []) == "unknown")
    }

    @Test("A request ID is accepted from the proxy only, and only if it is valid (E5)")
    func requestID() throws {
        func identifier(_ claimed: String?, by peer: String, trusting: [IPNetwork] = .privateNetworks) throws -> String
        {
            RequestIdentifier.of(claimed, by: try SocketAddress(ipAddress: peer, port: 1), trusting: trusting)
        }
        let id = "0123456789abcdef0123456789abcdef"
        #expect(try identifier(id, by: Self.proxy) == id)
        #expect(try identifier(id, by: "8.8.8.8") != id)
        #expect(try identifier(id, by: Self.proxy, trusting: []) != id)
        for bad in [
            nil, "", "short", String(repeating: "a", count: 65), "with space 1234", "line\nbreak1234", "\"quoted\"1234",
        ] {
            let made = try identifier(bad, by: Self.proxy)
            #expect(made.count == 32 && made.allSatisfy(\.isHexDigit))
        }
    }
}
