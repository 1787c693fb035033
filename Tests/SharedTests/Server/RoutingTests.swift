import Hummingbird
import Testing

@testable import Shared

/// A16: Unknown paths, wrong methods, and spellings of a path that could bypass its rules.
@Suite struct RoutingTests {
    private var table: RouteTable {
        let router = Router(context: BasicRequestContext.self)
        router.post("/api/auth/login") { _, _ in "" }
        router.get("/api/auth/sessions") { _, _ in "" }
        router.delete("/api/auth/sessions") { _, _ in "" }
        router.delete("/api/auth/sessions/{id}") { _, _ in "" }
        return RouteTable(router)
    }

    @Test(
        "A path has exactly its methods",
        arguments: [
            ("/api/auth/login", ["POST"]), ("/api/auth/sessions", ["DELETE", "GET", "HEAD"]),
            ("/api/auth/sessions/1", ["DELETE"]), ("/api/auth", []), ("/", []), ("/api/auth/sessions/1/2", []),
        ]
    )
    func methods(path: String, expected: [String]) { #expect(table.methods(for: path) == expected) }

    // CVE-2025-71399: //auth//login and /auth/login/ escaped a limiter that knew only /auth/login.
    @Test(
        "Only the canonical form of a path is served",
        arguments: [
            "//api/auth/login", "/api//auth/login", "/api/auth/login/", "/api/", "//", "/api/./auth/login",
            "/api/../api/auth/login",
            "/api/auth%2Flogin", "/api/auth/%6Cogin", "/api/auth\\login", "api/auth/login", "", "/api/auth/login\t",
            "/ä",
        ]
    )
    func notCanonical(path: String) { #expect(!CanonicalPath.isCanonical(path)) }

    @Test("Plain paths are canonical", arguments: ["/", "/login", "/api/auth/sessions/0b7c", "/assets/site.1a2b.css"])
    func canonical(path: String) { #expect(CanonicalPath.isCanonical(path)) }
}
