public import Hummingbird

/// The routes of a server, to distinguish a wrong method on a known path (405) from an unknown path (404).
public struct RouteTable: Sendable {
    private struct Entry: Sendable {
        let segments: [String]
        let method: String
    }

    private let entries: [Entry]

    /// Creates the table from a router that has all routes.
    public init<Context: RequestContext>(_ router: Router<Context>) {
        entries = router.routes.map { route in
            Entry(segments: Self.segments(of: route.path.description), method: route.method.rawValue)
        }
    }

    /// The methods that the path accepts, sorted; empty for an unknown path.
    public func methods(for path: String) -> [String] {
        let requested = Self.segments(of: path)
        let methods = entries.filter { entry in
            entry.segments.count == requested.count
                && zip(entry.segments, requested).allSatisfy { $0.begins(with: "{") || $0.isExactly($1) }
        }.map(\.method)
        // bounded: methods of this program's own routes
        return Set(methods).union(methods.contains("GET") ? ["HEAD"] : []).sorted()
    }

    /// The error for a request without a matching route.
    public func error(for request: Request) -> APIError {
        let methods = methods(for: request.uri.path)
        guard !methods.isEmpty else { return APIError.nothingHere }
        return APIError(
            .methodNotAllowed,
            detail: "This path accepts \(methods.joined(separator: ", ")) only.",
            allow: methods
        )
    }

    private static func segments(of path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    }
}
