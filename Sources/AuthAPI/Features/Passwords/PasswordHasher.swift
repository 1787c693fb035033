import Logging
import Shared

/// Creates and checks password hashes on the hashing threads.
struct PasswordHasher: Sendable {
    /// The result of checking a password against a stored hash.
    enum Verification: Sendable, Equatable {
        /// The password is wrong, or there is no valid hash.
        case wrong
        /// The password is correct.
        case correct
        /// The password is correct, but the hash is weaker than a new one and should be replaced.
        case correctNeedsUpgrade
    }

    private let parameters: Argon2Parameters
    let pool: HashingPool
    private let dummy: Argon2Hash

    /// Creates a hasher whose new hashes have the given cost, which must be within the bounds of `Argon2Parameters`.
    init(parameters: Argon2Parameters, pool: HashingPool) {
        precondition(parameters.areAcceptable, "The settings check the bounds of Argon2Parameters.")
        self.parameters = parameters
        self.pool = pool
        dummy = Argon2Hash(dummyWith: parameters)
    }

    /// The PHC string of an Argon2id hash with a new random salt.
    ///
    /// Throws `APIError`: `overloaded` when too many hashes are waiting, `internal_error` when libargon2 fails.
    func hash(_ password: Password) async throws -> String {
        let parameters = parameters
        return try await perform(isUsual: true, memory: parameters.memory) {
            try Argon2Hash(hashing: password, parameters: parameters).phc
        }
    }

    /// Checks a password against a stored Argon2id PHC string, a bcrypt hash, or nothing.
    ///
    /// A hash of the password as typed is also correct, because other systems do not normalize. It is always replaced.
    ///
    /// Nothing (an unknown email address, or a user without a password) and a malformed hash take as long as a hash
    /// with the configured parameters, and are `wrong` (OWASP Authentication Cheat Sheet, "Authentication Responses").
    /// A hash with other parameters, including bcrypt, takes its own time until it is upgraded.
    ///
    /// Throws `APIError`: `overloaded` when too many hashes are waiting, `internal_error` when libargon2 fails or the
    /// stored hash needs more memory than the process may use.
    func verify(_ password: Password, against stored: String?) async throws -> Verification {
        // Otherwise a wrong password costs two hashes.
        let isOneHash = password.typed == nil
        switch readable(stored) {
        case .argon2id(let hash):
            let isUsual = isOneHash && hash.parameters.isAtMostAsExpensive(as: parameters)
            return try await perform(isUsual: isUsual, memory: hash.parameters.memory) {
                try check(password, against: hash)
            }
        case .bcrypt(let hash):
            return try await perform(isUsual: false) { hash.matches(password) } ? .correctNeedsUpgrade : .wrong
        case nil:
            _ = try await perform(isUsual: isOneHash, memory: parameters.memory) { try check(password, against: dummy) }
            return .wrong
        }
    }

    /// Checks both forms of a password; a wrong one takes the same time with every hash of the same cost.
    private func check(_ password: Password, against hash: Argon2Hash) throws -> Verification {
        if try hash.matches(password.normalized) { return needsUpgrade(hash) ? .correctNeedsUpgrade : .correct }
        guard let typed = password.typed, try hash.matches(typed) else { return .wrong }
        return .correctNeedsUpgrade
    }

    private enum Stored {
        case argon2id(Argon2Hash)
        case bcrypt(LegacyBcrypt)
    }

    private func readable(_ stored: String?) -> Stored? {
        guard let stored else { return nil }
        if let hash = Argon2Hash(phc: stored) { return .argon2id(hash) }
        if let hash = LegacyBcrypt(stored) { return .bcrypt(hash) }
        Logger.current.error("stored password hash unreadable")
        return nil
    }

    private func needsUpgrade(_ hash: Argon2Hash) -> Bool {
        hash.version != Argon2Hash.currentVersion || hash.parameters.isBelow(parameters)
            || hash.salt.count < Argon2Hash.saltLength || hash.tag.count < Argon2Hash.tagLength
    }

    private func perform<Result: Sendable>(
        isUsual: Bool,
        memory: Int = 0,
        _ job: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.perform(isUsual: isUsual, memory: memory, job)
        } catch let failure as Argon2Failure {
            throw APIError(.internalError, cause: failure)
        }
    }
}
