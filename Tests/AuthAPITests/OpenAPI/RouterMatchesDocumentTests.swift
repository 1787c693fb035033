import Hummingbird
import Shared
import Testing

@testable import AuthAPI

/// A15: the document is complete.
@Suite struct RouterMatchesDocumentTests {
    @Test("The document has exactly the routes that the router serves")
    func sameRoutes() async throws {
        try await TestAPI.with { api in
            let router = Router(context: APIRequestContext.self)
            api.app.addRoutes(to: router)
            let served = Set(router.routes.map { "\($0.method.rawValue) \($0.path)" })
            let assets = Set(OpenAPIValidator.undocumentedPaths.map { "GET \($0)" })
            let documented = try OpenAPIValidator.shared.get().operations
            #expect(served.subtracting(assets) == documented)
            #expect(assets.isSubset(of: served))
        }
    }
}
