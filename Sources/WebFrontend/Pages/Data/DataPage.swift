import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// The page from which users download what is stored about them.
struct DataPage: Sendable {
    let api: AuthAPIClient
    let visitors: Visitors
    let pages: PageRenderer

    /// Shows what there is.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        try await visitors.protected(request, context, page: SitePath.data) { caller in
            let user = try await api.me(for: caller)
            return try pages.response(DataView(), visitor: .signedIn(user), in: context)
        }
    }

    /// Gives the file.
    @Sendable func download(_ request: Request, _ context: PageContext) async throws -> Response {
        // Asking for the headers alone downloads nothing.
        guard request.method == .get else { throw APIError(.methodNotAllowed, allow: ["GET"]) }
        return try await visitors.protected(request, context, page: SitePath.data) { caller in
            let file = try await api.ownData(for: caller)
            return Response(
                status: .ok,
                headers: [
                    .contentType: "application/json",
                    .contentDisposition: "attachment; filename=\"yoshikosan-data.json\"",
                ],
                body: .init(byteBuffer: file)
            )
        }
    }
}

/// What that page shows.
struct DataView: PageView {
    static let template = "data"

    func title(_ texts: Translator) -> String { texts[.titleData] }
    func values(_ texts: Translator) -> ViewValues { ["download": SitePath.downloadData] }
}
