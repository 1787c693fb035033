import FoundationEssentials
public import Logging

/// Finds names in the environment that look like settings but are not: typing errors that would otherwise silently
/// leave the default in place.
public enum UnknownSettings {
    /// Settings that only nginx, Compose or the scripts read.
    static let elsewhere: Set<String> = [
        "EXTERNAL_PORT", "BROWSER_PORT", "NGINX_LISTEN", "TRUSTED_PROXIES", "CREDENTIAL_RATE", "CREDENTIAL_BURST",
        "BIND_ADDRESS", "BACKEND_MEMORY", "IMAGE_PREFIX", "IMAGE_NAME", "TAG", "BACKUPS", "BACKUP_AT",
        "BACKUP_FOLDER", "BACKUP_KEEP", "BACKUP_RECIPIENT", "BACKUP_IDENTITY", "POSTGRES_IMAGE", "POSTGRES_VOLUME",
        "APP_PUBLIC_PATHS", "APP_MAX_BODY", "APP_TIMEOUT",
    ]

    /// Names of other programs that begin like ours: the images of PostgreSQL and nginx.
    private static let foreign: Set<String> = [
        "POSTGRES_INITDB_ARGS", "POSTGRES_INITDB_WALDIR", "POSTGRES_HOST_AUTH_METHOD", "POSTGRES_VERSION",
        "NGINX_VERSION",
    ]

    /// Prefixes that only our names have.
    private static let prefixes = [
        "POSTGRES_", "DATABASE_", "MIGRATION_DATABASE_", "SECRET_KEY", "GOOGLE_CLIENT_", "GOOGLE_SECRET",
        "GOOGLE_ISSUER", "DISCORD_", "GITHUB_CLIENT_", "GITHUB_URL", "LINE_CLIENT_", "OIDC_", "ARGON2_", "HASHING_",
        "LOGIN_LIMIT", "REGISTRATION_", "AUDIT_RETENTION", "TRUSTED_PROX", "TRUSTED_PEER", "API_METRICS_",
        "FRONTEND_METRICS_",
    ]

    /// One line for each name that looks like a setting, sorted by name.
    ///
    /// - Parameter environment: the environment; its values are not repeated.
    /// - Returns: the lines.
    static func warnings(in environment: [String: String]) -> [String] {
        environment.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.compactMap { warning($0.key, $0.value) }
    }

    /// Prints the warnings to standard error.
    public static func report() {
        for line in warnings(in: ProcessInfo.processInfo.environment) { StandardError.print("warning: \(line)") }
    }

    /// Logs the warnings.
    public static func log(to logger: Logger) {
        for line in warnings(in: ProcessInfo.processInfo.environment) {
            logger.warning("unknown setting", metadata: ["detail": .string(line)])
        }
    }

    private static let known: Set<String> = {
        let names = SettingName.allCases.flatMap { name in
            name.numbers.flatMap { number in
                let variable = name.variable(number: number)
                return name.isSecret ? [variable, variable + "_FILE"] : [variable]
            }
        }
        return Set(names).union(elsewhere)
    }()

    private static func warning(_ name: String, _ value: String) -> String? {
        guard name.utf8.count <= 64, !known.contains(name), !foreign.contains(name), !isServiceLink(name, value) else {
            return nil
        }
        if name.hasSuffix("_FILE"), known.contains(String(name.dropLast(5))) {
            return "\(name) is not read: only a secret can come from a file; set \(name.dropLast(5))"
        }
        if name.hasPrefix("OIDC_1_") {
            return "\(name) is not a setting; did you mean OIDC_\(name.dropFirst(7))?"
        }
        let upper = Array(name.uppercased().utf8)
        let nearest = known.map { (name: $0, distance: distance(upper, Array($0.utf8))) }
            .filter { $0.distance <= tolerance(for: $0.name) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        if let nearest { return "\(name) is not a setting; did you mean \(nearest.name)?" }
        guard prefixes.contains(where: name.hasPrefix) else { return nil }
        return "\(name) is not a setting; .env.example lists all of them"
    }

    /// Whether Docker or Kubernetes set the variable for a linked service:
    /// `API_PORT_8000_TCP_ADDR`, `POSTGRES_SERVICE_HOST`, `POSTGRES_NAME=/backend/postgres`.
    private static func isServiceLink(_ name: String, _ value: String) -> Bool {
        if ["_SERVICE_HOST", "_SERVICE_PORT", "_ENV_"].contains(where: { name.contains($0) }) { return true }
        if ["tcp://", "udp://", "sctp://"].contains(where: value.hasPrefix) { return true }
        if name.hasSuffix("_NAME") { return value.hasPrefix("/") }
        guard let port = name.firstRange(of: "_PORT_") else { return false }
        let parts = name[port.upperBound...].split(separator: "_")
        return parts.count >= 2 && UInt16(parts[0]) != nil && ["TCP", "UDP", "SCTP"].contains(parts[1])
    }

    /// The maximum number of typing errors to assume: short names differ by few letters.
    private static func tolerance(for name: String) -> Int {
        switch name.utf8.count {
        case ..<6: 0
        case ..<11: 1
        default: 2
        }
    }

    /// The edit distance of two names (restricted Damerau-Levenshtein: insertions, deletions, replacements, swaps).
    static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        guard abs(first.count - second.count) <= 2 else { return .max }
        var before: [Int] = []
        var last = Array(0...second.count)
        for row in first.indices {
            var current = [row + 1]
            for column in second.indices {
                let isSame = first[row] == second[column]
                var best = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                    best = min(best, before[column - 1] + 1)
                }
                current.append(best)
            }
            (before, last) = (last, current)
        }
        return last[second.count]
    }
}
