import Hummingbird
import Shared
import Testing

@testable import AuthAPI

/// A15: The document is complete.
@Suite struct RouterMatchesDocumentTests {
    /// The path in the document: with the provider as a parameter, and with a slash at the end of the one path that has it.
    private static func documented(_ path: String) -> String {
        if path == "/api" { return "/api/" }
        let key = OAuthProvider.settable.first { path == APIPath.startOAuth($0) || path == APIPath.oauthCallback($0) }
        return key.map { path.replacing("/\($0.rawValue)", with: "/{provider}") } ?? path
    }

    @Test("No provider key is another segment of the same path")
    func reserved() async throws {
        try await TestAPI.with { api in
            let router = Router(context: APIRequestContext.self)
            api.app.routes.add(to: router)
            for route in router.routes {
                let segments = "\(route.path)".split(separator: "/").map(String.init)
                guard segments.starts(with: ["api", "auth"]), segments.count > 2 else { continue }
                let isProvider = OAuthProvider(rawValue: segments[2]) != nil
                #expect(isProvider == OAuthProvider.settable.map(\.rawValue).contains(segments[2]), "\(route.path)")
            }
            #expect(OAuthProvider.settable.allSatisfy { OAuthProvider(rawValue: $0.rawValue) == $0 })
        }
    }

    @Test("The document has exactly the routes that the router serves")
    func sameRoutes() async throws {
        try await TestAPI.with { api in
            let router = Router(context: APIRequestContext.self)
            api.app.routes.add(to: router)
            let served = Set(router.routes.map { "\($0.method.rawValue) \(Self.documented("\($0.path)"))" })
            let assets = Set(OpenAPIValidator.undocumentedPaths.map { "GET \($0)" })
            let documented = try OpenAPIValidator.shared.get().operations
            #expect(served.subtracting(assets) == documented)
            #expect(assets.isSubset(of: served))
        }
    }
}
