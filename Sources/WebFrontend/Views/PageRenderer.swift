import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// Renders views as responses, with template, texts, asset paths and the signed-in user.
struct PageRenderer: Sendable {
    /// The statuses of pages that the frontend compresses: nginx's `gzip` covers 200, 403 and 404, and during an outage
    /// compression only costs time.
    private static let compressed: Set = [400, 401, 405, 409, 413, 415, 422, 429]

    private let templates: TemplateLibrary
    private let texts: Translations
    private let assets: AssetLibrary
    private let links: SiteLinks
    /// Whether pages link to the registration page.
    private let offersRegistration: Bool
    private let cache = PageCache()

    /// Creates a renderer.
    ///
    /// - Throws: ``TranslationError`` when a template uses a text that a translation lacks.
    init(
        templates: TemplateLibrary,
        texts: Translations,
        assets: AssetLibrary,
        links: SiteLinks = SiteLinks(),
        offersRegistration: Bool = true
    ) throws(TranslationError) {
        for language in SiteLanguage.allCases { try texts[language].require(templates.textKeys) }
        self.templates = templates
        self.texts = texts
        self.assets = assets
        self.links = links
        self.offersRegistration = offersRegistration
    }

    /// A renderer with the templates and texts in the binary.
    static func embedded() throws -> PageRenderer {
        try PageRenderer(templates: .embedded(), texts: .embedded(), assets: .embedded())
    }

    /// The page as the response to a request.
    ///
    /// - Throws: ``TemplateLibrary/Fault`` when the view names an unknown template; ``Gzip/Fault``.
    func response(
        _ view: some PageView,
        visitor: Visitor,
        notice: Notice? = nil,
        in context: PageContext,
        status: Int = 200,
        headers: HTTPFields = [:]
    ) throws -> Response {
        var headers = headers
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.contentLanguage] = context.language.tag
        headers[.vary] = SiteLanguage.vary
        let html = try html(
            view,
            visitor: visitor,
            notice: notice,
            in: context.language,
            requestedPath: context.requestedPath
        )
        var body = ByteBuffer(string: html)
        if Self.compressed.contains(status) {
            headers[.vary] = "\(SiteLanguage.vary), Accept-Encoding"
            if context.takesGzip {
                body = ByteBuffer(bytes: try Gzip.compress(Array(html.utf8)))
                headers[.contentEncoding] = "gzip"
            }
        }
        return Response(status: .init(code: status), headers: headers, body: .init(byteBuffer: body))
    }

    /// The page for an invalid HTTP request, whose language and path are unknown.
    func response(to request: UnreadableRequest, headers: SecurityHeaders) -> (fields: HTTPFields, body: [UInt8]) {
        let view = ProblemView(code: .malformedRequest, requestID: request.requestID, status: request.status)
        guard let html = try? html(view, visitor: .unknown, in: .english) else {
            return UnreadableRequest.problem(request)
        }
        var fields: HTTPFields = [
            .contentType: "text/html; charset=utf-8", .contentLanguage: SiteLanguage.english.tag,
        ]
        headers.complete(&fields)
        return (fields, Array(html.utf8))
    }

    /// The page as text, with `requestedPath` as the page to return to after a change of language.
    ///
    /// - Throws: ``TemplateLibrary/Fault`` when the view names an unknown template.
    func html(
        _ view: some PageView,
        visitor: Visitor,
        notice: Notice? = nil,
        in language: SiteLanguage,
        requestedPath: ReturnPath = .home
    ) throws -> String {
        let render = {
            try rendered(view, visitor: visitor, notice: notice, in: language, requestedPath: requestedPath)
        }
        guard let page = view.cacheKey else { return try render() }
        let isAnonymous: Bool
        switch visitor {
        case .unknown: isAnonymous = false
        case .anonymous: isAnonymous = true
        case .signedIn: return try render()
        }
        let key = PageCache.Key(page: page, language: language, isAnonymous: isAnonymous, notice: notice)
        return try cache.page(key, render: render)
    }

    private func rendered(
        _ view: some PageView,
        visitor: Visitor,
        notice: Notice?,
        in language: SiteLanguage,
        requestedPath: ReturnPath
    ) throws -> String {
        let texts = texts[language]
        var values: ViewValues = [
            "t": texts.texts,
            "lang": language.tag,
            "languages": Self.languages(current: language),
            "here": view.location ?? requestedPath.value,
            "assets": assets.paths,
            "icon_type": assets.iconType,
            "brand_logo": false,
            "brand_icon": false,
            "site_links": false,
            "title": view.title(texts),
            "failed": view.hasFailed,
            "summary": false,
            // The language buttons belong to this form, so that typed values are kept.
            "typed_form": false,
            "registration": offersRegistration,
        ]
        if let logo = assets.logo { values["brand_logo"] = logo }
        if let icon = assets.ownIcon { values["brand_icon"] = icon }
        let links = links(texts)
        if !links.isEmpty { values["site_links"] = ["list": links] as ViewValues }
        if let location = view.location { values["location"] = location }
        if let summary = view.summary?.values(texts) { values["summary"] = summary }
        if let notice { values["notice"] = texts[notice.text] }
        switch visitor {
        case .unknown: break
        case .anonymous: values["anonymous"] = true
        case .signedIn(let user): values["user"] = UserView(user).values
        }
        values.merge(view.values(texts)) { _, own in own }
        return try templates.render(type(of: view).template, values)
    }

    /// The operator's own pages, which the footer of each page links to.
    private func links(_ texts: Translator) -> [ViewValues] {
        let links: [(link: String?, text: TextKey)] = [
            (links.terms, .footerTerms), (links.privacy, .footerPrivacy), (links.support, .footerSupport),
        ]
        return links.compactMap { link, text in link.map { ["link": $0, "text": texts[text]] } }
    }

    /// The language switch: the available languages and the current one.
    private static func languages(current: SiteLanguage) -> [ViewValues] {
        SiteLanguage.allCases.map { ["tag": $0.tag, "name": $0.name, "current": $0 == current] }
    }
}
