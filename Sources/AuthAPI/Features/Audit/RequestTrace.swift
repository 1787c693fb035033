import FoundationEssentials
import Hummingbird
import PostgresClient

/// The origin of an action: the properties of a request that sessions and the audit trail store.
struct RequestTrace: Sendable, Equatable {
    let client: ClientInfo
    /// The ID of the browser, if it is known for the account.
    var knownDevice: DeviceID?
    /// When the browser signed in to that account, to the second.
    var knownSince: Date?
    /// The request ID; nil without a request.
    let requestID: String?

    /// A command of an operator.
    static let `operator` = RequestTrace(client: ClientInfo(userAgent: nil, address: nil), requestID: nil)

    init(client: ClientInfo, requestID: String?, knownDevice: DeviceID? = nil, knownSince: Date? = nil) {
        self.client = client
        self.requestID = requestID
        self.knownDevice = knownDevice
        self.knownSince = knownSince
    }

    init(_ request: Request, context: some TracedContext, knownDevice known: KnownDevice? = nil) {
        self.init(
            client: ClientInfo(userAgent: request.headers[.userAgent], address: context.clientAddress),
            requestID: context.requestID,
            knownDevice: known?.id,
            knownSince: known?.since
        )
    }

    /// Four parameters, for the columns `device_id, address, user_agent, request_id`.
    var parameters: [PostgresValue] {
        [
            .uuid(orNull: knownDevice), .text(orNull: client.address), .text(orNull: client.userAgent),
            .text(orNull: requestID),
        ]
    }
}
