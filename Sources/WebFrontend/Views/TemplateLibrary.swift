import Mustache

/// The parsed templates.
struct TemplateLibrary: Sendable {
    /// A template is invalid.
    struct Fault: Error {
        /// The name of the template.
        let template: String
        let reason: String
    }

    /// The keys of the texts that each template uses.
    let textKeys: Set<String>
    private let library: MustacheLibrary

    /// Parses templates.
    ///
    /// - Parameter sources: the text of each template by its name.
    /// - Throws: ``Fault`` for one that does not parse or that writes a value without escaping it.
    init(_ sources: [String: String]) throws {
        MustacheContentTypes.register(HTMLEscaping(), named: HTMLEscaping.name)
        var library = MustacheLibrary()
        var keys: Set<String> = []
        for (name, source) in sources {
            for unescaped in ["{{{", "{{&", "{{%", "{{ &"] where source.contains(unescaped) {
                throw Fault(template: name, reason: "\(unescaped) is not allowed")
            }
            let strict = "{{% CONTENT_TYPE: \(HTMLEscaping.name)}}\n\(source)"
            do {
                try library.register(strict, named: name)
            } catch {
                throw Fault(template: name, reason: String(describing: error))
            }
            keys.formUnion(Self.textKeys(in: source))
        }
        self.library = library
        textKeys = keys
    }

    /// The templates in the binary.
    static func embedded() throws -> TemplateLibrary {
        try TemplateLibrary(embeddedSources)
    }

    /// The text of each template in the binary.
    static var embeddedSources: [String: String] {
        [
            "account": PackageResources.account_mustache,
            "address": PackageResources.address_mustache,
            "avatar": PackageResources.avatar_mustache,
            "data": PackageResources.data_mustache,
            "deletion": PackageResources.deletion_mustache,
            "discord_mark": PackageResources.discord_mark_mustache,
            "field": PackageResources.field_mustache,
            "github_mark": PackageResources.github_mark_mustache,
            "google_mark": PackageResources.google_mark_mustache,
            "home": PackageResources.home_mustache,
            "identities": PackageResources.identities_mustache,
            "layout": PackageResources.layout_mustache,
            "line_mark": PackageResources.line_mark_mustache,
            "login": PackageResources.login_mustache,
            "name": PackageResources.name_mustache,
            "notice": PackageResources.notice_mustache,
            "oauth_failure": PackageResources.oauth_failure_mustache,
            "password": PackageResources.password_mustache,
            "password_rules": PackageResources.password_rules_mustache,
            "problem": PackageResources.problem_mustache,
            "provider_mark": PackageResources.provider_mark_mustache,
            "providers": PackageResources.providers_mustache,
            "reauthentication": PackageResources.reauthentication_mustache,
            "recover": PackageResources.recover_mustache,
            "register": PackageResources.register_mustache,
            "site_header": PackageResources.site_header_mustache,
            "summary": PackageResources.summary_mustache,
        ].mapValues { String(decoding: $0, as: UTF8.self) }
    }

    /// Renders a template.
    ///
    /// - Throws: ``Fault`` when there is no such template.
    func render(_ name: String, _ values: ViewValues) throws -> String {
        guard let text = library.render(values, withTemplate: name) else {
            throw Fault(template: name, reason: "not found")
        }
        return text
    }

    /// The keys after every `{{t.`.
    private static func textKeys(in source: String) -> [String] {
        source.split(separator: "{{t.").dropFirst(source.hasPrefix("{{t.") ? 0 : 1).map { part in
            String(part.prefix { $0 != "}" })
        }
    }
}
