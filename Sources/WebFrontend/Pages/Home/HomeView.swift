import Shared

/// The home page.
struct HomeView: PageView {
    static let template = "home"
    /// The user to greet.
    let visitor: Visitor
    /// The application behind the sign-in.
    var application: ReturnPath?

    /// Without the confirmation, so that it is not shown again.
    var location: String? { SitePath.home }

    func title(_ texts: Translator) -> String { texts[.titleHome] }

    func values(_ texts: Translator) -> ViewValues {
        guard case .signedIn = visitor else { return [:] }
        let greeting = texts.parts(.homeGreeting, around: "name")
        let signedInAs = texts.parts(.homeSignedInAs, around: "email")
        return [
            "greeting": ["before": greeting.before, "after": greeting.after],
            "signed_in_as": ["before": signedInAs.before, "after": signedInAs.after],
            "application": application.map { $0.value as any Sendable } ?? false,
        ]
    }
}
