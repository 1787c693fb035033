import Hummingbird
import Logging
import Shared

/// The routes: method, path, access, and handler.
///
/// Handlers limit bodies to 64 KiB; nginx limits the request rate of paths that accept passwords.
struct Routes: Sendable {
    let users: UserRoutes
    let passwords: PasswordRoutes
    let sessions: SessionRoutes
    let oauth: ProviderSignInRoutes
    let providerList: ProviderListRoutes
    let addresses: AddressRoutes
    let identities: IdentityRoutes
    let access: ApplicationAccessRoutes
    let applicationHost: ApplicationHostRoutes
    let recovery: RecoveryRoutes
    let authenticator: Authenticator
    let health: HealthRoutes
    let openAPI: OpenAPIRoutes

    init(_ core: App.Core, logger: Logger) async throws {
        let common = core.settings.common
        users = core.userRoutes
        passwords = core.passwordRoutes
        recovery = core.recoveryRoutes
        sessions = core.sessionRoutes
        oauth = core.providerSignInRoutes
        providerList = ProviderListRoutes(providers: core.settings.providers)
        addresses = core.addressRoutes
        identities = core.identityRoutes
        let host = ApplicationHost(core.settings, now: core.now)
        applicationHost = ApplicationHostRoutes(
            host: host,
            sessions: core.sessions,
            cookie: core.cookies.session,
            publicURL: common.publicURL
        )
        access = try await ApplicationAccessRoutes(
            core.settings,
            authenticator: core.authenticator,
            host: host,
            metrics: core.metrics,
            postgres: core.postgres,
            now: core.now
        )
        authenticator = core.authenticator
        health = HealthRoutes(service: HealthService(postgres: core.postgres, logger: logger))
        openAPI = try OpenAPIRoutes(publicURL: common.publicURL, name: common.siteName)
    }

    /// Adds the routes to a router.
    func add(to router: Router<APIRequestContext>) {
        // Public
        router.post(.init(APIPath.register), use: users.register)
        router.post(.init(APIPath.login), use: sessions.login)
        router.post(.init(APIPath.recover), use: recovery.recover)
        router.post(.init(APIPath.logout), use: sessions.logout)
        router.get(.init(APIPath.providers), use: providerList.list)
        for provider in OAuthProvider.settable {
            router.get(.init(APIPath.startOAuth(provider)), use: oauth.start(provider))
            router.get(.init(APIPath.oauthCallback(provider)), use: oauth.callback(provider))
        }
        router.get(.init(APIPath.pendingLink), use: identities.pending)
        router.get(.init(APIPath.address), use: addresses.pending)
        router.post(.init(APIPath.address), use: addresses.register)
        router.get(.init(APIPath.keySet), use: access.keySet)
        router.get(.init(APIPath.index), use: openAPI.index)
        router.get(.init(APIPath.openAPI), use: openAPI.document)
        router.get(.init(APIPath.docs), use: openAPI.docs)
        router.get(.init(OpenAPIRoutes.stylesheetPath), use: openAPI.stylesheet)
        router.get(.init(OpenAPIRoutes.scriptPath), use: openAPI.script)
        router.get(.init(APIPath.health), use: health.overall)
        router.get(.init(APIPath.liveness), use: health.liveness)
        router.get(.init(APIPath.readiness), use: health.readiness)

        // For reverse proxies
        router.get(.init(APIPath.accessCheck), use: access.check)
        router.get(.init(APIPath.accessVerify), use: access.verify)

        // The application on its own host
        router.get(.init(APIPath.entry), use: applicationHost.begin)
        router.get(.init(PagePath.enter), use: applicationHost.enter)
        router.get(.init(APIPath.entered), use: applicationHost.arrive)

        // Signed-in users
        router.get(.init(APIPath.me), use: authenticator.required(users.me))
        router.post(.init(APIPath.name), use: authenticator.required(users.rename))
        router.get(.init(APIPath.data), use: authenticator.required(users.data))
        router.get(.init(APIPath.confirmation), use: authenticator.required(identities.confirmation))
        router.post(.init(APIPath.deletion), use: authenticator.required(users.delete))
        router.post(.init(APIPath.password), use: authenticator.required(passwords.change))
        router.get(.init(APIPath.sessions), use: authenticator.required(sessions.list))
        router.delete(.init(APIPath.sessions), use: authenticator.required(sessions.endOthers))
        router.delete(.init(APIPath.session), use: authenticator.required(sessions.end))
        router.get(.init(APIPath.identities), use: authenticator.required(identities.list))
        router.delete(.init(APIPath.identity), use: authenticator.required(identities.unlink))
    }
}
