import FoundationEssentials
import Hummingbird

/// From where something was asked: what sessions and the audit trail keep of a request.
struct Origin: Sendable, Equatable {
    let device: Device
    /// The browser's name, where it is known for the account that is concerned.
    var knownAs: DeviceID?
    /// The identifier that the answer and the logs of all servers have; nil where no request was.
    let requestID: String?

    /// A command of whoever operates the site.
    static let `operator` = Origin(device: Device(userAgent: nil, address: nil), requestID: nil)

    init(device: Device, requestID: String?, knownAs: DeviceID? = nil) {
        self.device = device
        self.requestID = requestID
        self.knownAs = knownAs
    }

    init(_ request: Request, context: some TracedContext, knownAs: DeviceID? = nil) {
        self.init(
            device: Device(userAgent: request.headers[.userAgent], address: context.clientAddress),
            requestID: context.requestID,
            knownAs: knownAs
        )
    }

    /// Four parameters, for the columns `device_id, address, user_agent, request_id`.
    var parameters: [PostgresValue] {
        [
            .uuid(orNull: knownAs), .text(orNull: device.address), .text(orNull: device.userAgent),
            .text(orNull: requestID),
        ]
    }
}
