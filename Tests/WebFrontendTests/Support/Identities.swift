import FoundationEssentials
import Shared

@testable import WebFrontend

/// The provider accounts of the stub.
enum Identities {
    static let google = IdentityBody(
        id: "01890a5d-ac96-774b-bcce-b302099a9001",
        provider: .google,
        email: "ada@gmail.example",
        linkedAt: Date(timeIntervalSince1970: 1_795_420_680)
    )
    static let discord = IdentityBody(
        id: "01890a5d-ac96-774b-bcce-b302099a9002",
        provider: .discord,
        email: nil,
        linkedAt: Date(timeIntervalSince1970: 1_795_334_280)
    )
    static let gone = "01890a5d-ac96-774b-bcce-b302099a9003"

    static let passwordOnly = IdentityListBody(
        identities: [],
        hasPassword: true,
        linkable: OAuthProvider.mocked.map { ProviderTicketBody(provider: $0, ticket: "\($0.rawValue)-ticket") }
    )
    static let both = IdentityListBody(identities: [discord, google], hasPassword: true)
    static let last = IdentityListBody(identities: [google], hasPassword: false)

    /// The view of a list on a site with both providers.
    static func view(of list: IdentityListBody) -> IdentitiesView {
        IdentitiesView(list: list, providers: [.google, .discord])
    }
}

/// The confirmation of the stub's user.
enum Confirmations {
    private static let providers = [ProviderTicketBody(provider: .google, ticket: "google-ticket")]

    static let password = ConfirmationBody(hasPassword: true, reauthenticatedUntil: nil, providers: [])
    static let both = ConfirmationBody(hasPassword: true, reauthenticatedUntil: nil, providers: providers)
    static let provider = ConfirmationBody(hasPassword: false, reauthenticatedUntil: nil, providers: providers)
    static let none = ConfirmationBody(hasPassword: false, reauthenticatedUntil: nil, providers: [])
    static let recent = ConfirmationBody(
        hasPassword: false,
        reauthenticatedUntil: Date(timeIntervalSince1970: 1_795_420_680),
        providers: providers
    )
}

extension ConfirmationBody {
    /// The view on a site with both providers.
    func view(on page: String, report: OAuthReport? = nil) -> ConfirmationView {
        ConfirmationView(body: self, providers: [.google, .discord], page: page, report: report)
    }
}
