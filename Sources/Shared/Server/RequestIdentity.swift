import HTTPTypes
public import Hummingbird
import NIOCore

/// The context of every request: its ID and its client.
public protocol ServedRequestContext: RemoteAddressRequestContext {
    /// The request ID, which the logs of nginx, frontend and API share.
    var requestID: String { get set }
    /// The address of the client; see ``ClientAddress``.
    var clientAddress: String { get set }
}

/// The ID of a request, in its response and in each of its log lines.
enum RequestIdentifier {
    /// The ID from the reverse proxy, if it is valid and the peer is trusted; otherwise a new one.
    static func of(_ claimed: String?, by peer: SocketAddress?, trusting trustedPeers: [IPNetwork]) -> String {
        if let claimed, ClientAddress.isTrusted(peer, by: trustedPeers), claimed.isRequestID { return claimed }
        let digits: StaticString = "0123456789abcdef"
        return String(unsafeUninitializedCapacity: 32) { text in
            for half in 0..<2 {
                var number = UInt64.random(in: .min ... .max)
                for place in 0..<16 {
                    text[half * 16 + place] = digits.utf8Start[Int(number & 0xF)]
                    number >>= 4
                }
            }
            return 32
        }
    }
}

extension String {
    /// Whether the text is a valid request ID: 8 to 64 ASCII letters, digits and hyphens.
    public var isRequestID: Bool {
        (8...64).contains(utf8.count) && utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
    }
}

extension HTTPField.Name {
    /// The request ID, passed between all servers.
    public static let requestID = HTTPField.Name(validated: "X-Request-ID")
    /// The client's address, from the reverse proxy.
    public static let realIP = HTTPField.Name(validated: "X-Real-IP")
    /// The relation between the requesting page and this site, from the browser (W3C Fetch Metadata).
    public static let secFetchSite = HTTPField.Name(validated: "Sec-Fetch-Site")

    /// Creates a name from a valid literal.
    public init(validated literal: StaticString) {
        guard let name = HTTPField.Name(literal.description) else {
            preconditionFailure("\(literal) is not a header name")
        }
        self = name
    }
}
