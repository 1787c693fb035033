import Foundation
import Shared
import Testing

@testable import WebFrontend

/// A page from the cache equals the rendered page.
@Suite struct PageCacheTests {
    /// The same pages with the changes by visitors, links and settings.
    private static let views: [any PageView] =
        TemplateTests.views + TemplateTests.failures
        + [nil, .home, ReturnPath("/notes?a=1&b=\"<")].flatMap { returnTo -> [any PageView] in
            [[], [.google], [.google, .discord]].flatMap { (providers: Providers) -> [any PageView] in
                [
                    LoginView(offer: .signIn(email: ""), returnTo: returnTo, providers: providers),
                    LoginView(
                        offer: .signIn(email: ""),
                        returnTo: returnTo,
                        providers: providers,
                        errors: [FormError(.noticeCookiesOff)]
                    ),
                    RegisterView(name: "", email: "", returnTo: returnTo, providers: providers),
                    RegisterView(
                        name: "",
                        email: "",
                        returnTo: returnTo,
                        providers: providers,
                        registration: RegistrationSettings(domains: ["example.com"])
                    ),
                ]
            }
        }

    @Test func cachedPagesEqualRenderedPages() throws {
        let shared = try PageRenderer.embedded()
        let cacheable = Self.views.filter { $0.cacheKey != nil }
        #expect(cacheable.count > 20)
        for view in cacheable + cacheable {
            let fresh = try PageRenderer.embedded()
            for visitor in [Visitor.unknown, .anonymous, .signedIn(StubAuthAPI.user)] {
                for notice in [nil, Notice.signedOut, .sessionOver] {
                    for language in SiteLanguage.allCases {
                        let html = { (pages: PageRenderer) in
                            try pages.html(view, visitor: visitor, notice: notice, in: language)
                        }
                        let expected = try html(fresh)
                        #expect(try html(shared) == expected)
                    }
                }
            }
        }
    }

    @Test func pagesWithInputAreNotCached() {
        for view in Self.views where view.cacheKey != nil {
            #expect(!view.hasFailed)
            #expect(!String(describing: view).contains("@example.com"))
        }
    }

    @Test func cacheHasALimit() {
        let cache = PageCache()
        for round in 1...3 {
            for number in 0..<PageCache.capacity * 2 {
                let page = PageKey(template: "\(number)", returnTo: nil, providers: .none)
                let key = PageCache.Key(page: page, language: .english, isAnonymous: true, notice: nil)
                #expect(cache.page(key) { "\(number) in round \(round)" } == "\(number) in round \(round)")
                #expect(cache.page(key) { "not rendered" } == "\(number) in round \(round)")
            }
        }
    }
}
