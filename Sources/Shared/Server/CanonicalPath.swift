public import Hummingbird

/// Refuses every spelling of a path but one, so that no limit or rule that knows a path can be walked around.
///
/// The router alone would take `//api//auth/login` for `/api/auth/login` (CVE-2025-71399 was of that kind).
public struct CanonicalPath<Context: RequestContext>: RouterMiddleware {
    /// Makes the middleware.
    public init() {}

    /// Hands a request with a canonical path on, or throws `not_found`.
    public func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard Self.isCanonical(request.uri.path) else {
            throw APIError(.notFound, detail: "There is nothing at this path.")
        }
        return try await next(request, context)
    }

    /// Whether the path is the one spelling: no empty, `.` or `..` segment, no slash at the end, nothing encoded.
    public static func isCanonical(_ path: String) -> Bool {
        if path == "/" { return true }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.first == "", segments.count > 1 else { return false }
        return segments.dropFirst().allSatisfy { segment in
            !segment.isEmpty && segment != "." && segment != ".."
                && segment.utf8.allSatisfy {
                    $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "\\") && $0 > 0x20 && $0 < 0x7F
                }
        }
    }
}
