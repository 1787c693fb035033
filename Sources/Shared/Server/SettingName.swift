/// Every environment variable that the two programs read; `.env.example` documents each.
public enum SettingName: String, CaseIterable, Sendable {
    case appEnvironment = "APP_ENV"
    case publicURL = "PUBLIC_URL"
    case siteName = "SITE_NAME"
    case siteNameJapanese = "SITE_NAME_JA"
    case siteLogo = "SITE_LOGO"
    case siteIcon = "SITE_ICON"
    case siteColor = "SITE_COLOR"
    case siteTermsURL = "SITE_TERMS_URL"
    case sitePrivacyURL = "SITE_PRIVACY_URL"
    case siteSupportURL = "SITE_SUPPORT_URL"
    case siteTexts = "SITE_TEXTS"
    case securityContact = "SECURITY_CONTACT"
    case trustedPeers = "TRUSTED_PEERS"
    case apiHost = "API_HOST"
    case apiPort = "API_PORT"
    case apiMetricsPort = "API_METRICS_PORT"
    case frontendHost = "FRONTEND_HOST"
    case frontendPort = "FRONTEND_PORT"
    case frontendMetricsPort = "FRONTEND_METRICS_PORT"
    case apiURL = "API_URL"
    case databaseURL = "DATABASE_URL"
    case migrationDatabaseURL = "MIGRATION_DATABASE_URL"
    case postgresHost = "POSTGRES_HOST"
    case postgresPort = "POSTGRES_PORT"
    case postgresUser = "POSTGRES_USER"
    case postgresPassword = "POSTGRES_PASSWORD"
    case postgresAPIUser = "POSTGRES_API_USER"
    case postgresAPIPassword = "POSTGRES_API_PASSWORD"
    case postgresDatabase = "POSTGRES_DB"
    case databasePoolSize = "DATABASE_POOL_SIZE"
    case databasePoolTimeout = "DATABASE_POOL_TIMEOUT"
    case databaseConnectTimeout = "DATABASE_CONNECT_TIMEOUT"
    case databasePooler = "DATABASE_POOLER"
    case migrateOnStart = "MIGRATE_ON_START"
    case secretKey = "SECRET_KEY"
    case secretKeyPrevious = "SECRET_KEY_PREVIOUS"
    case allowedOrigins = "ALLOWED_ORIGINS"
    case googleClientID = "GOOGLE_CLIENT_ID"
    case googleClientSecret = "GOOGLE_CLIENT_SECRET"
    case googleIssuer = "GOOGLE_ISSUER"
    case discordClientID = "DISCORD_CLIENT_ID"
    case discordClientSecret = "DISCORD_CLIENT_SECRET"
    case discordBaseURL = "DISCORD_BASE_URL"
    case githubClientID = "GITHUB_CLIENT_ID"
    case githubClientSecret = "GITHUB_CLIENT_SECRET"
    case githubURL = "GITHUB_URL"
    case lineClientID = "LINE_CLIENT_ID"
    case lineClientSecret = "LINE_CLIENT_SECRET"
    case lineIssuer = "LINE_ISSUER"
    case oidcIssuer = "OIDC_ISSUER"
    case oidcInternalURL = "OIDC_INTERNAL_URL"
    case oidcCAFile = "OIDC_CA_FILE"
    case oidcClientID = "OIDC_CLIENT_ID"
    case oidcClientSecret = "OIDC_CLIENT_SECRET"
    case oidcClientAuth = "OIDC_CLIENT_AUTH"
    case oidcName = "OIDC_NAME"
    case oidcScopes = "OIDC_SCOPES"
    case oidcTrustEmail = "OIDC_TRUST_EMAIL"
    case logLevel = "LOG_LEVEL"
    case logFormat = "LOG_FORMAT"
    case argon2MemoryKiB = "ARGON2_MEMORY_KIB"
    case argon2Iterations = "ARGON2_ITERATIONS"
    case argon2Parallelism = "ARGON2_PARALLELISM"
    case hashingThreads = "HASHING_THREADS"
    case hashingQueue = "HASHING_QUEUE"
    case loginLimitAccount = "LOGIN_LIMIT_ACCOUNT"
    case loginLimitDevice = "LOGIN_LIMIT_DEVICE"
    case loginLimitNetwork = "LOGIN_LIMIT_NETWORK"
    case registrationLimitNetwork = "REGISTRATION_LIMIT_NETWORK"
    case registration = "REGISTRATION"
    case registrationDomains = "REGISTRATION_DOMAINS"
    case auditRetention = "AUDIT_RETENTION"
    case appUpstream = "APP_UPSTREAM"
    case appPath = "APP_PATH"
    case appURL = "APP_URL"
    case appAllowedEmails = "APP_ALLOWED_EMAILS"
    case appAllowedDomains = "APP_ALLOWED_DOMAINS"
    case appUser = "APP_USER"
    case appAssertion = "APP_ASSERTION"
    case forwardAuth = "FORWARD_AUTH"

    /// Whether the value is a secret: `NAME_FILE` may name a file with it, and no message repeats it.
    public var isSecret: Bool {
        switch self {
        case .databaseURL, .migrationDatabaseURL, .postgresPassword, .postgresAPIPassword, .secretKey,
            .secretKeyPrevious, .googleClientSecret, .discordClientSecret, .githubClientSecret, .lineClientSecret,
            .oidcClientSecret:
            true
        default: false
        }
    }

    /// The numbers that the name can have: settings of OpenID providers exist once for each provider.
    public var numbers: ClosedRange<Int> { rawValue.hasPrefix(Self.numberedPrefix) ? 1...9 : 1...1 }

    /// The name of the environment variable: for number 2, `OIDC_ISSUER` is `OIDC_2_ISSUER`.
    public func variable(number: Int) -> String {
        guard number > 1, numbers.contains(number) else { return rawValue }
        return "\(Self.numberedPrefix)\(number)_\(rawValue.dropFirst(Self.numberedPrefix.count))"
    }

    private static let numberedPrefix = "OIDC_"
}
