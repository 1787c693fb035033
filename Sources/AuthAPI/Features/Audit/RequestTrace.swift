import Hummingbird
import PostgresClient

/// The origin of an action: the properties of a request that sessions and the audit trail store.
struct RequestTrace: Sendable, Equatable {
    let client: ClientInfo
    /// The browser, if its cookie is for the account's email address.
    var knownDevice: KnownDevice?
    /// The request ID; nil without a request.
    let requestID: String?

    /// A command of an operator.
    static let `operator` = RequestTrace(client: ClientInfo(userAgent: nil, address: nil), requestID: nil)

    init(client: ClientInfo, requestID: String?, knownDevice: KnownDevice? = nil) {
        self.client = client
        self.requestID = requestID
        self.knownDevice = knownDevice
    }

    init(_ request: Request, context: some TracedContext, knownDevice: KnownDevice? = nil) {
        self.init(
            client: ClientInfo(userAgent: request.headers[.userAgent], address: context.clientAddress),
            requestID: context.requestID,
            knownDevice: knownDevice
        )
    }

    /// Four parameters, for the columns `device_id, address, user_agent, request_id`.
    var parameters: [PostgresValue] {
        [
            .uuid(orNull: knownDevice?.id), .text(orNull: client.address), .text(orNull: client.userAgent),
            .text(orNull: requestID),
        ]
    }
}
