import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Shared
import Testing

@testable import WebFrontend

/// The pages that change the name and download the user's data.
@Suite struct OwnDataPageTests {
    @Test func anonymousVisitorIsSentToSignInAndBack() async throws {
        try await TestSite.with { site in
            for path in ["/account/name", "/account/data"] {
                let page = try await site.get(path)
                #expect(page.location == "/login?return_to=\(path.percentEncoded)")
            }
            let file = try await site.get("/account/data/download")
            #expect(file.location == "/login?return_to=%2Faccount%2Fdata")
            let name = try await site.post("/account/name", ["name": "Eve"])
            #expect(name.location == "/login?return_to=%2Faccount%2Fname")
        }
    }

    @Test func nameIsChangedByTheAPI() async throws {
        let api = StubAuthAPI([
            "POST /api/auth/name": StubAuthAPI.signedIn { _ in try StubAuthAPI.json(StubAuthAPI.user) }
        ])
        try await TestSite.with(api) { site in
            let form = try await site.get("/account/name", cookie: StubAuthAPI.cookie)
            #expect(form.body.contains(#"value="Ada Lovelace""#))
            let page = try await site.post("/account/name", ["name": "Augusta"], cookie: StubAuthAPI.cookie)
            #expect(page.location == "/account?notice=name-changed")
        }
        #expect(api.requests.first { $0.path == APIPath.name }?.fields == ["name": "Augusta"])
    }

    @Test(arguments: [
        (APIErrorCode.invalidFields, "Remove control characters"),
        (.tooManyRequests, "Too many attempts. Please wait"),
    ])
    func showsRejectedNameAgain(code: APIErrorCode, text: String) async throws {
        let api = StubAuthAPI([
            "POST /api/auth/name": { _ in
                let fault = FieldError(field: "name", code: .invalidCharacter, detail: "D")
                return StubAuthAPI.problem(code, fields: code == .invalidFields ? [fault] : [])
            }
        ])
        try await TestSite.with(api) { site in
            let page = try await site.post("/account/name", ["name": "<b>\u{202E}"], cookie: StubAuthAPI.cookie)
            #expect(page.status == code.status)
            #expect(page.body.contains(text) && page.body.contains("&lt;b&gt;"))
        }
    }

    // W26: The same while the API is unavailable.
    @Test func keepsTheTypedNameDuringAnOutage() async throws {
        let api = StubAuthAPI([
            "POST /api/auth/name": { _ in StubAuthAPI.problem(.serviceUnavailable) },
            "GET /api/auth/me": { _ in StubAuthAPI.problem(.serviceUnavailable) },
        ])
        try await TestSite.with(api) { site in
            let page = try await site.post("/account/name", ["name": "Grace <3"], cookie: StubAuthAPI.cookie)
            #expect(page.status == 503 && page.body.contains(#"value="Grace &lt;3""#))
            #expect(page.body.contains("The service is unavailable right now."))
            let form: KeyValuePairs = ["name": "Grace <3", "language": "ja"]
            let japanese = try await site.post("/account/name", form, cookie: StubAuthAPI.cookie)
            #expect(japanese.status == 200 && japanese.body.contains(#"value="Grace &lt;3""#))
        }
    }

    @Test func switchingTheLanguageAfterTheSessionEndedLeadsToSignIn() async throws {
        let api = StubAuthAPI(["GET /api/auth/me": { _ in StubAuthAPI.problem(.unauthenticated) }])
        try await TestSite.with(api) { site in
            let form: KeyValuePairs = ["name": "Grace", "language": "ja"]
            let page = try await site.post("/account/name", form, cookie: StubAuthAPI.cookie)
            #expect(page.status == 303 && page.location?.hasPrefix("/login?") == true)
        }
    }

    @Test func forwardsCompleteFile() async throws {
        let file = "[" + String(repeating: "\"0123456789\",", count: 50_000) + "0]"
        let api = StubAuthAPI([
            "GET /api/auth/data": StubAuthAPI.signedIn { _ in
                Response(
                    status: .ok,
                    headers: [.contentType: "application/json"],
                    body: .init(byteBuffer: ByteBuffer(string: file))
                )
            }
        ])
        try await TestSite.with(api) { site in
            let page = try await site.get("/account/data/download", cookie: StubAuthAPI.cookie)
            #expect(page.status == 200 && page["Content-Type"] == "application/json")
            #expect(page["Content-Disposition"] == #"attachment; filename="yoshikosan-data.json""#)
            #expect(page["Cache-Control"] == "no-store")
            // More than the limit of other responses.
            #expect(page.body.utf8.elementsEqual(file.utf8) && file.utf8.count > AuthAPITransport.maximumResponseSize)
        }
    }

    /// W2: A link or redirect from another site neither uses a download nor is audited.
    @Test func linksFromOtherSitesLeadToThePage() async throws {
        let api = StubAuthAPI(["GET /api/auth/data": StubAuthAPI.signedIn { _ in try StubAuthAPI.json(["a": "b"]) }])
        try await TestSite.with(api) { site in
            for (origin, isSent) in [
                ("cross-site", false), ("same-site", false), ("same-origin", true), ("none", true),
            ] {
                let page = try await site.get(
                    "/account/data/download",
                    cookie: StubAuthAPI.cookie,
                    headers: ["Sec-Fetch-Site": origin]
                )
                #expect(page.status == (isSent ? 200 : 303), "\(origin)")
                let target: String? = isSent ? nil : "/account/data"
                #expect(page.location == target)
            }
        }
        #expect(api.requests.count == 2)
    }

    /// W2: Signing in does not end in the download.
    @Test func signInDoesNotLeadToTheFile() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/login?return_to=/account/data/download", cookie: StubAuthAPI.cookie)
            #expect(page.status == 303 && page.location == "/")
        }
    }

    @Test func dataPageLeadsToTheFile() async throws {
        try await TestSite.with { site in
            let page = try await site.get("/account/data", cookie: StubAuthAPI.cookie)
            // Without "download", which would store an error page or the sign-in page as a file.
            #expect(page.body.contains(#"href="/account/data/download">"#))
            let account = try await site.get("/account", cookie: StubAuthAPI.cookie)
            for path in ["/account/data", "/account/name", "/account/password"] {
                #expect(account.body.contains("href=\"\(path)\""))
            }
        }
    }
}
