import FoundationEssentials
import PostgresClient
import Shared

extension App {
    /// What the features share: sessions and identities, the rate limits of passwords, and the rules of new accounts.
    struct Core: Sendable {
        let settings: APISettings
        let postgres: PostgresPool
        let providers: IdentityProviders
        let metrics: APIMetrics
        let now: @Sendable () -> Date
        let hasher: PasswordHasher
        let audit: AuditStore
        let limiter: RateLimiter
        let gate: PasswordGate
        let registration: RegistrationPolicy
        let vault: ProviderTokenVault
        let identities: IdentityStore
        let sessions: SessionService
        let batches: SessionBatches
        let cookies: BrowserCookies
        let tickets: ProviderTickets

        init(
            _ settings: APISettings,
            postgres: PostgresPool,
            hashing: HashingPool,
            providers: IdentityProviders,
            metrics: APIMetrics,
            now: @escaping @Sendable () -> Date
        ) async {
            self.settings = settings
            self.postgres = postgres
            self.providers = providers
            self.metrics = metrics
            self.now = now
            hasher = PasswordHasher(parameters: settings.argon2, pool: hashing)
            audit = AuditStore(postgres: postgres)
            limiter = RateLimiter(
                store: ThrottleStore(postgres: postgres),
                keys: ThrottleKeys(secretKey: settings.secretKeys.current),
                limits: settings.throttleLimits,
                now: now
            )
            gate = PasswordGate(limiter: limiter, audit: audit, hasher: hasher)
            registration = RegistrationPolicy(
                settings: settings.registration,
                store: InviteStore(postgres: postgres),
                codes: OneTimeCodeKeys(for: .inviteCodes, from: settings.secretKeys)
            )
            vault = ProviderTokenVault(settings.secretKeys)
            identities = IdentityStore(postgres: postgres, vault: vault, registration: registration)
            sessions = SessionService(
                store: SessionStore(postgres: postgres, identities: identities),
                gate: gate,
                hasher: hasher,
                tokens: await TokenIssuer(settings.secretKeys, issuer: settings.common.publicURL),
                now: now
            )
            batches = SessionBatches(postgres: postgres)
            cookies = BrowserCookies(settings, now: now)
            tickets = ProviderTickets(settings)
        }
    }
}

/// Accounts with their passwords and sessions.
extension App.Core {
    var userRoutes: UserRoutes {
        UserRoutes(
            service: UserService(
                store: UserStore(postgres: postgres),
                sessions: sessions,
                gate: gate,
                limiter: limiter,
                hasher: hasher,
                deletion: UserDeletionService(
                    store: UserDeletionStore(postgres: postgres),
                    batches: batches,
                    keys: limiter.keys,
                    vault: vault,
                    provider: { [providers] in providers[$0] }
                ),
                policy: registration,
                now: now
            ),
            cookies: cookies,
            siteWords: settings.common.siteWords,
            metrics: metrics
        )
    }

    var passwordRoutes: PasswordRoutes {
        PasswordRoutes(
            service: PasswordService(
                store: PasswordStore(postgres: postgres),
                batches: batches,
                sessions: sessions,
                gate: gate,
                hasher: hasher,
                now: now
            ),
            cookies: cookies,
            siteWords: settings.common.siteWords
        )
    }

    var recoveryRoutes: RecoveryRoutes {
        RecoveryRoutes(
            service: RecoveryService(
                store: RecoveryStore(postgres: postgres),
                batches: batches,
                limiter: limiter,
                hasher: hasher,
                codes: OneTimeCodeKeys(for: .recoveryCodes, from: settings.secretKeys),
                siteWords: settings.common.siteWords,
                now: now
            )
        )
    }

    var authenticator: Authenticator { Authenticator(sessions: sessions, cookie: cookies.session) }

    var sessionRoutes: SessionRoutes {
        SessionRoutes(service: sessions, cookies: cookies, metrics: metrics)
    }
}

/// Accounts at providers: signing in with them, and linking them.
extension App.Core {
    var providerSignInRoutes: ProviderSignInRoutes {
        ProviderSignInRoutes(
            service: ProviderSignInService(
                provider: { [providers] in providers[$0] },
                store: identities,
                sessions: sessions,
                publicURL: settings.common.publicURL,
                now: now
            ),
            tickets: tickets,
            authenticator: authenticator,
            cookies: cookies,
            publicURL: settings.common.publicURL,
            landing: settings.access.application?.home ?? .home,
            metrics: metrics
        )
    }

    var addressRoutes: AddressRoutes {
        AddressRoutes(
            service: AddressService(
                store: identities,
                sessions: sessions,
                limiter: limiter,
                providers: settings.providers
            ),
            cookies: cookies,
            metrics: metrics
        )
    }

    var identityRoutes: IdentityRoutes {
        IdentityRoutes(
            service: IdentityService(store: identities, providers: settings.providers, now: now),
            pendingLinks: cookies.pendingLinks,
            tickets: tickets
        )
    }
}
