import FoundationEssentials
import Hummingbird
import Shared

/// The cookies that a browser has of this site.
struct BrowserCookies: Sendable {
    let session: SessionCookie
    let devices: DeviceCookie
    let flows: FlowCookies<SignInFlow>
    let pendingLinks: PendingLinkCookie
    let pendingAddresses: PendingAddressCookie
    let invites: InviteCookie

    init(_ settings: APISettings, now: @escaping @Sendable () -> Date) {
        session = SessionCookie(publicURL: settings.common.publicURL)
        devices = DeviceCookie(settings, now: now)
        flows = FlowCookies(settings, now: now)
        pendingLinks = PendingLinkCookie(settings, now: now)
        pendingAddresses = PendingAddressCookie(settings, now: now)
        invites = InviteCookie(publicURL: settings.common.publicURL)
    }

    /// Deletes the pending provider accounts and the invitation.
    func forgetPending(of request: Request, on response: inout Response) {
        pendingLinks.forget(of: request, on: &response)
        pendingAddresses.forget(of: request, on: &response)
        invites.forget(of: request, on: &response)
    }
}
