import HTTPTypes
public import Hummingbird
import NIOCore

/// What the servers know of every request besides the request itself.
public protocol ServedRequestContext: RemoteAddressRequestContext {
    /// The identifier that the logs of proxy, frontend and API share.
    var requestID: String { get set }
    /// The address of the browser or program that asked, see ``ClientAddress``.
    var clientAddress: String { get set }
}

/// The identifier of a request, which is on its answer and on every log line of it.
enum RequestIdentifier {
    /// The identifier that the proxy gave, if it is one and comes from a peer that may say it; else a new one.
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
    /// Whether the text has the form of a request's identifier: 8 to 64 letters, digits and hyphens of ASCII.
    public var isRequestID: Bool {
        (8...64).contains(utf8.count) && utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
    }
}

extension HTTPField.Name {
    /// The identifier of a request across all servers.
    public static let requestID = HTTPField.Name(validated: "X-Request-ID")
    /// The client's address as the proxy knows it.
    public static let realIP = HTTPField.Name(validated: "X-Real-IP")
    /// What a browser says about the relation between the asking page and this site (W3C Fetch Metadata).
    public static let secFetchSite = HTTPField.Name(validated: "Sec-Fetch-Site")

    /// Makes a name from a literal that is known to be one.
    public init(validated literal: StaticString) {
        guard let name = HTTPField.Name(literal.description) else {
            preconditionFailure("\(literal) is not a header name")
        }
        self = name
    }
}
