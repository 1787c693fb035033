import Hummingbird
import Shared

/// The routes of the site: method, path, access, and handler.
///
/// The cross-site guard checks all unsafe methods; all bodies are limited to 64 KiB and 10 seconds.
struct Routes: Sendable {
    let site: Site
    let language: LanguageChoice
    let assets: AssetLibrary
    let security: SecurityText
    let health: HealthRoutes

    /// Adds the routes to a router, which must already have the middleware.
    func add(to router: Router<PageContext>) {
        // Public
        router.get("/", use: HomePage(site: site).show)
        let login = LoginPage(site: site)
        router.get(.init(SitePath.login), use: login.show)
        router.post(.init(SitePath.login), use: login.submit)
        router.get(.init(SitePath.signedIn), use: login.arrive)
        router.get(.init(SitePath.applicationEntrance), use: ApplicationEntrance().show)
        let register = RegisterPage(site: site)
        router.get(.init(SitePath.register), use: register.show)
        router.post(.init(SitePath.register), use: register.submit)
        let address = AddressPage(site: site)
        router.get(.init(SitePath.address), use: address.show)
        router.post(.init(SitePath.address), use: address.submit)
        let recover = RecoverPage(site: site)
        router.get(.init(SitePath.recover), use: recover.show)
        router.post(.init(SitePath.recover), use: recover.submit)
        let account = AccountPage(site: site)
        router.post(.init(SitePath.logout), use: account.signOut)
        router.post(.init(SitePath.language), use: language.choose)

        // Signed-in users; others are redirected to the sign-in page and back
        router.get(.init(SitePath.account), use: account.show)
        router.post(.init(SitePath.endSession), use: account.endSession)
        router.post(.init(SitePath.unlink), use: account.unlink)
        router.post(.init(SitePath.endOtherSessions), use: account.endOtherSessions)

        let name = NamePage(site: site)
        router.get(.init(SitePath.name), use: name.show)
        router.post(.init(SitePath.name), use: name.submit)
        let data = DataPage(site: site)
        router.get(.init(SitePath.data), use: data.show)
        router.get(.init(SitePath.downloadData), use: data.download)
        let deletion = DeletionPage(site: site)
        router.get(.init(SitePath.deletion), use: deletion.show)
        router.post(.init(SitePath.deletion), use: deletion.submit)
        let password = PasswordPage(site: site)
        router.get(.init(SitePath.password), use: password.show)
        router.post(.init(SitePath.password), use: password.submit)

        // For programs
        router.get(.init(SitePath.changePassword), use: password.redirect)
        router.get(.init(SitePath.asset), use: assets.asset)
        router.get(.init(SitePath.favicon), use: assets.icon)
        router.get(.init(SitePath.securityText), use: security.show)
        router.get(.init(SitePath.robots), use: assets.robots)
        router.get(.init(SitePath.liveness), use: health.live)
        router.get(.init(SitePath.readiness), use: health.ready)
    }

    /// The routes as a table, to distinguish a wrong method from an unknown path.
    var table: RouteTable {
        let router = Router(context: PageContext.self)
        add(to: router)
        return RouteTable(router)
    }
}
