import Foundation
import Shared
import Testing

@testable import WebFrontend

/// Templates, texts and program match (requirement F6).
@Suite struct TemplateTests {
    /// Every page in every state of its template, for every kind of visitor.
    static let views: [any PageView] = [
        HomeView(visitor: .anonymous), HomeView(visitor: .signedIn(StubAuthAPI.user)),
        LoginView(offer: .signIn(email: ""), returnTo: nil, providers: []),
        LoginView(
            offer: .signIn(email: "a@example.com"),
            returnTo: ReturnPath("/account"),
            providers: [.google, .discord, .github],
            errors: [FormError(.errorCredentials), FormError(.errorEmailInvalid, field: .email)],
            retryAfter: 30
        ),
        LoginView(
            offer: .link(StubAuthAPI.pendingLink),
            returnTo: nil,
            providers: [.google],
            errors: [FormError(.errorCredentials)]
        ),
        LoginView(offer: .alreadySignedIn(StubAuthAPI.user, linking: nil), returnTo: nil, providers: []),
        LoginView(offer: .alreadySignedIn(StubAuthAPI.user, linking: .discord), returnTo: nil, providers: []),
        AddressView(pending: StubAuthAPI.pendingAddress, returnTo: nil, providers: [.discord], domains: []),
        AddressView(
            pending: PendingAddressBody(provider: .google, name: nil, email: nil),
            returnTo: .home,
            providers: [],
            domains: ["example.com"],
            email: "a@b",
            replaced: StubAuthAPI.user,
            errors: [FormError(.errorEmailInvalid, field: .email), FormError(.errorInviteInvalid, field: .invite)],
            retryAfter: 1
        ),
        RegisterView(name: "", email: "", returnTo: nil, providers: []),
        RecoverView(),
        RecoverView(code: "code", errors: [FormError(.errorCodeInvalid, field: .code)], retryAfter: 3),
        RegisterView(
            name: "Ada",
            email: "a@example.com",
            returnTo: .home,
            providers: [.google],
            errors: [FormError(.errorNameInvalid, field: .name)]
        ),
        NameView(name: "Ada"), NameView(name: "", errors: [FormError(.errorNameRequired, field: .name)], retryAfter: 1),
        DataView(),
        PasswordView(email: "a@example.com", confirmation: Confirmations.password.view(on: SitePath.password)),
        PasswordView(
            email: "a@example.com",
            confirmation: Confirmations.provider.view(on: SitePath.password, report: failedLink)
        ),
        PasswordView(email: "a@example.com", confirmation: Confirmations.none.view(on: SitePath.password)),
        PasswordView(email: "a@example.com", confirmation: Confirmations.recent.view(on: SitePath.password)),
        DeletionView(email: "", confirmation: Confirmations.both.view(on: SitePath.deletion, report: failedLink)),
        DeletionView(email: "", confirmation: Confirmations.recent.view(on: SitePath.deletion)),
        DeletionView(email: "", confirmation: Confirmations.none.view(on: SitePath.deletion)),
        DeletionView(
            email: "b@example.com",
            confirmation: Confirmations.password.view(on: SitePath.deletion),
            errors: [FormError(.errorEmailNotYours, field: .email)],
            retryAfter: 1
        ),
        PasswordView(
            email: "a@example.com",
            confirmation: Confirmations.password.view(on: SitePath.password),
            errors: [FormError(.errorPasswordIncorrect, field: .currentPassword)],
            retryAfter: 1
        ),
        RegisterView(
            name: "",
            email: "",
            returnTo: nil,
            providers: [],
            registration: RegistrationSettings(mode: .closed)
        ),
        RegisterView(
            name: "",
            email: "",
            returnTo: .home,
            providers: [.google, .discord],
            registration: RegistrationSettings(mode: .invite, domains: ["example.com"]),
            invite: "code",
            errors: [FormError(.errorInviteInvalid, field: .invite)]
        ),
        RegisterView(
            name: "",
            email: "",
            returnTo: .home,
            providers: [.google],
            registration: RegistrationSettings(mode: .invite),
            invited: .google
        ),
        AccountView(sessions: [], identities: Identities.view(of: Identities.passwordOnly)),
        AccountView(sessions: Sessions.all, identities: Identities.view(of: Identities.both), linked: .google),
        AccountView(sessions: [], identities: Identities.view(of: Identities.last), report: failedLink),
    ]

    private static var failedLink: OAuthReport? {
        OAuthReport(
            Form(["oauth_error": "access_denied", "provider": "google", "error_id": "0123456789abcdef0123456789abcdef"])
        )
    }

    /// Every failure of a flow, for a known provider and for none.
    static var failures: [any PageView] {
        OAuthFailure.allCases.flatMap { failure in
            ["", "google"].map { provider in
                let query: KeyValuePairs = [
                    "oauth_error": failure.rawValue, "provider": provider,
                    "error_id": "0123456789abcdef0123456789abcdef",
                ]
                return LoginView(
                    offer: .signIn(email: ""),
                    returnTo: nil,
                    providers: [.google],
                    report: OAuthReport(Form(query))
                )
            }
        }
    }

    /// The confirmation page, for signed-in and signed-out visitors.
    static var confirmations: [any PageView] {
        [nil, StubAuthAPI.user].map { user in
            LoginView(offer: .confirm(.google, user), returnTo: nil, providers: [.google])
        }
    }

    static var problems: [any PageView] {
        APIErrorCode.allCases.map {
            ProblemView(code: $0, requestID: "r", retryAfter: 1, reloads: true, retryLink: "/")
        }
    }

    @Test func everyPageIsComplete() throws {
        let pages = try PageRenderer.embedded()
        for view in Self.views + Self.failures + Self.confirmations + Self.problems {
            for visitor in [Visitor.unknown, .anonymous, .signedIn(StubAuthAPI.user)] {
                let html = try pages.html(view, visitor: visitor, notice: .signedOut, in: .japanese)
                #expect(html.hasPrefix("<!doctype html>\n<html lang=\"ja\">"))
                #expect(html.hasSuffix("</html>\n"))
                #expect(!html.contains("{{"))
                #expect(!html.contains("Optional("))
                #expect(!html.contains("<h1></h1>"))
                #expect(!html.contains("=\"\""), "an attribute is empty in \(view)")
                #expect(html.components(separatedBy: "<h1").count == 2)
                #expect(html.components(separatedBy: " id=\"").dropFirst().map { $0.prefix { $0 != "\"" } }.isUnique)
            }
        }
    }

    @Test func everyTemplateIsEmbedded() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Sources/WebFrontend/Resources/Templates").standardizedFileURL
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".mustache") }.map { String($0.dropLast(9)) }
        #expect(Set(names) == Set(TemplateLibrary.embeddedSources.keys))
    }

    @Test func textKeysMatchUses() throws {
        let used = try TemplateLibrary.embedded().textKeys.union(TextKey.allCases.map(\.rawValue))
        let texts = try Translations.embedded()[.english].texts
        #expect(Set(texts.keys).subtracting(used).sorted() == [])
        #expect(used.subtracting(texts.keys).sorted() == [])
        #expect(texts.filter { $0.value.isEmpty }.keys.sorted() == [])
    }

    // Templates contain no visible text.
    @Test func templatesContainNoText() throws {
        for (name, source) in TemplateLibrary.embeddedSources {
            let text = source.replacing(/\{\{\$width\}\}.*?\{\{\/width\}\}/, with: "").replacing(
                /\{\{[^}]*\}\}/,
                with: ""
            ).replacing(/<[^>]*>/, with: " ")
            let words = text.split { !$0.isLetter }.filter { $0.count > 1 }
            #expect(words.isEmpty, "\(name): \(words)")
        }
    }

    @Test(arguments: ["{{{name}}}", "{{&name}}", "{{% CONTENT_TYPE: TEXT}}{{name}}", "{{ & name}}"])
    func rejectsUnescapedValues(source: String) {
        #expect(throws: (any Error).self) { try TemplateLibrary(["x": source]) }
    }

    @Test func rejectsBrokenTemplate() {
        #expect(throws: TemplateLibrary.Fault.self) { try TemplateLibrary(["x": "{{#a}}"]) }
    }

    @Test func missingTextFailsTheStart() throws {
        let templates = try TemplateLibrary(["x": "{{t.no_such_text}}"])
        let texts = try Translations.embedded()
        let assets = try AssetLibrary.embedded()
        #expect(throws: TranslationError.self) {
            try PageRenderer(templates: templates, texts: texts, assets: assets)
        }
    }

    // Inherited blocks and partials are escaped as strictly as the rest.
    @Test func blocksAndPartialsAreEscaped() throws {
        let library = try TemplateLibrary([
            "layout": "<p title=\"{{v}}\">{{$main}}{{/main}}</p>", "part": "<i title=\"{{v}}\"></i>",
            "page": "{{<layout}}\n{{$main}}\n{{#list}}{{v}}{{>part}}{{/list}}\n{{/main}}\n{{/layout}}\n",
        ])
        let html = try library.render("page", ["v": "\"\u{301}<\u{301}&'", "list": [["v": "\"\u{300}"]]])
        #expect(html.unicodeScalars.count { $0 == "\"" } == 4)
        #expect(html.unicodeScalars.count { $0 == "<" } == 4)
        #expect(!html.contains("&amp;quot;"))
    }
}

extension Sequence where Element: Hashable {
    /// Whether no element occurs twice.
    fileprivate var isUnique: Bool {
        var seen: Set<Element> = []
        return allSatisfy { seen.insert($0).inserted }
    }
}
