import Hummingbird
import Shared

/// The page from which users download their data.
struct DataPage: Sendable {
    let site: Site

    /// Shows the page.
    @Sendable func show(_ request: Request, _ context: PageContext) async throws -> Response {
        try await site.protected(request, context, page: SitePath.data) { caller in
            let user = try await site.api.me(for: caller)
            return try site.pages.response(DataView(), visitor: .signedIn(user), in: context)
        }
    }

    /// Sends the file; redirects to the page when another site links to it, because a download is limited and audited.
    @Sendable func download(_ request: Request, _ context: PageContext) async throws -> Response {
        // HEAD downloads nothing.
        guard request.method == .get else { throw APIError(.methodNotAllowed, allow: ["GET"]) }
        if let site = request.headers[.secFetchSite], site.isExactly("cross-site") || site.isExactly("same-site") {
            return .seeOther(SitePath.data)
        }
        return try await site.protected(request, context, page: SitePath.data) { caller in
            let file = try await site.api.ownData(for: caller)
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

/// The page with the link to the file.
struct DataView: PageView {
    static let template = "data"

    func title(_ texts: Translator) -> String { texts[.titleData] }
    func values(_ texts: Translator) -> ViewValues { ["download": SitePath.downloadData] }
}
