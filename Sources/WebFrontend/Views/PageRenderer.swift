import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// Makes answers out of views: template, texts, names of the assets and who is signed in.
struct PageRenderer: Sendable {
    /// The statuses of pages that nginx leaves as they are: of the others, `gzip` covers 200, 403 and 404, and while
    /// something is away nobody spends time on compressing.
    private static let compressed: Set = [400, 401, 405, 409, 413, 415, 422, 429]

    private let templates: TemplateLibrary
    private let texts: Translations
    private let assets: AssetLibrary
    /// Whether pages lead to the one on which an account is created.
    private let offersRegistration: Bool

    /// Makes a renderer.
    ///
    /// - Throws: ``TranslationError`` when a template takes a text that the translation does not have.
    init(
        templates: TemplateLibrary,
        texts: Translations,
        assets: AssetLibrary,
        offersRegistration: Bool = true
    ) throws(TranslationError) {
        for language in SiteLanguage.allCases { try texts[language].require(templates.textKeys) }
        self.templates = templates
        self.texts = texts
        self.assets = assets
        self.offersRegistration = offersRegistration
    }

    /// A renderer with everything that is part of the program.
    static func embedded() throws -> PageRenderer {
        try PageRenderer(templates: .embedded(), texts: .embedded(), assets: .embedded())
    }

    /// The page as an answer to the request with the given context.
    ///
    /// - Throws: ``TemplateLibrary/Fault`` when the view names a template that is not there; ``Gzip/Fault``.
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
        let html = try html(view, visitor: visitor, notice: notice, in: context.language, asked: context.asked)
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

    /// The page for what is no HTTP request, of which neither language nor address is known.
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

    /// The page as text, with `asked` as the page to come back to after another language is chosen.
    ///
    /// - Throws: ``TemplateLibrary/Fault`` when the view names a template that is not there.
    func html(
        _ view: some PageView,
        visitor: Visitor,
        notice: Notice? = nil,
        in language: SiteLanguage,
        asked: ReturnPath = .home
    ) throws -> String {
        let texts = texts[language]
        var values: ViewValues = [
            "t": texts.texts,
            "lang": language.tag,
            "languages": Self.languages(current: language),
            "here": view.location ?? asked.value,
            "assets": assets.paths,
            "title": view.title(texts),
            "failed": view.hasFailed,
            // The form whose buttons the language buttons are, so that what was typed comes along.
            "typed_form": false,
            "registration": offersRegistration,
        ]
        if let location = view.location { values["location"] = location }
        if let notice { values["notice"] = texts[notice.text] }
        switch visitor {
        case .unknown: break
        case .anonymous: values["anonymous"] = true
        case .signedIn(let user): values["user"] = UserView(user).values
        }
        values.merge(view.values(texts)) { _, own in own }
        return try templates.render(type(of: view).template, values)
    }

    /// The switch between languages: those to choose from and the one in use.
    private static func languages(current: SiteLanguage) -> [ViewValues] {
        SiteLanguage.allCases.map { ["tag": $0.tag, "name": $0.name, "current": $0 == current] }
    }
}
