import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// Makes answers out of views: template, texts, names of the assets and who is signed in.
struct PageRenderer: Sendable {
    private let templates: TemplateLibrary
    private let texts: Translator
    private let assets: AssetLibrary

    /// Makes a renderer.
    ///
    /// - Throws: ``TranslationError`` when a template takes a text that the translation does not have.
    init(templates: TemplateLibrary, texts: Translator, assets: AssetLibrary) throws(TranslationError) {
        let missing = templates.textKeys.filter { texts.texts[$0]?.isEmpty ?? true }.sorted()
        guard missing.isEmpty else {
            throw TranslationError(locale: texts.locale, reason: "no text for \(missing.joined(separator: ", "))")
        }
        self.templates = templates
        self.texts = texts
        self.assets = assets
    }

    /// A renderer with everything that is part of the program.
    static func embedded() throws -> PageRenderer {
        try PageRenderer(templates: .embedded(), texts: .english(), assets: .embedded())
    }

    /// The page as an answer.
    ///
    /// - Throws: ``TemplateLibrary/Fault`` when the view names a template that is not there.
    func response(
        _ view: some PageView,
        visitor: Visitor,
        notice: Notice? = nil,
        status: Int = 200,
        headers: HTTPFields = [:]
    ) throws -> Response {
        var headers = headers
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.contentLanguage] = texts.locale
        return Response(
            status: .init(code: status),
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(string: try html(view, visitor: visitor, notice: notice)))
        )
    }

    /// The page as text.
    ///
    /// - Throws: ``TemplateLibrary/Fault`` when the view names a template that is not there.
    func html(_ view: some PageView, visitor: Visitor, notice: Notice? = nil) throws -> String {
        var values: ViewValues = [
            "t": texts.texts,
            "lang": texts.locale,
            "assets": assets.paths,
            "title": view.title(texts),
            "failed": view.hasFailed,
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
}
