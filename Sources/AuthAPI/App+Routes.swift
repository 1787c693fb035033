import Hummingbird
import Shared

extension App {
    /// The routes: method, path, access, and handler.
    ///
    /// Handlers limit bodies to 64 KiB; nginx limits the request rate of paths that accept passwords.
    func addRoutes(to router: Router<APIRequestContext>) {
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
        router.get(.init(APIPath.entry), use: applicationHostRoutes.begin)
        router.get(.init(PagePath.enter), use: applicationHostRoutes.enter)
        router.get(.init(APIPath.entered), use: applicationHostRoutes.arrive)

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
