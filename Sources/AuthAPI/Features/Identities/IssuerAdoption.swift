import Logging
import PostgresClient

/// Stores the issuer of identities that an earlier version linked or disconnected without it.
///
/// Each of them belongs to the issuer configured now, and not to another one configured later under the same key.
struct IssuerAdoption: Sendable {
    /// The number of rows per statement.
    static let batchSize: Int64 = 1000

    let postgres: PostgresPool
    let providers: ProviderList
    let logger: Logger

    /// Stores the issuers; logs a failure, and the next start retries.
    func run() async {
        do {
            let count = try await adopt()
            if count > 0 { logger.info("issuers of identities stored", metadata: ["count": "\(count)"]) }
        } catch {
            logger.warning("issuers of identities not stored", metadata: ["error": "\(type(of: error))"])
        }
    }

    /// Stores the issuer of every row without one whose provider is enabled.
    ///
    /// - Returns: the number of rows changed.
    func adopt() async throws -> Int {
        var total = 0
        for provider in providers.all {
            total += try await repeated(AdoptIdentities(provider: provider.key, issuer: provider.issuer))
            total += try await repeated(AdoptDisconnections(provider: provider.key, issuer: provider.issuer))
        }
        return total
    }

    private func repeated(_ statement: some Statement) async throws -> Int {
        var total = 0
        while true {
            let count = try await postgres.transaction(retrying: true) { try $0.run(statement) }
            total += count
            if count < Self.batchSize { return total }
        }
    }
}
