import ArgumentParser
import Shared

extension UserCommand {
    /// Disables a user.
    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Disables a user: all sessions end at once, and the user cannot sign in.",
            discussion: "The account and all its data stay. `user enable` reverses it."
        )

        @OptionGroup var argument: UserArgument

        func run() async throws {
            let reference = try argument.reference
            let change = try await Operator.run { try await $0.disable(reference) }
            guard let change else { throw Operator.noUser(reference) }
            let email = TextTable.sanitized(change.email)
            let ended = change.sessions == 0 ? "" : "; ended \(Operator.count(change.sessions, "session"))"
            let state = change.isNew ? "disabled \(email)" : "\(email) is disabled already"
            try StandardOutput.print(state + ended)
        }
    }

    /// Enables a disabled user.
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lets a disabled user sign in again.")

        @OptionGroup var argument: UserArgument

        func run() async throws {
            let reference = try argument.reference
            let change = try await Operator.run { try await $0.enable(reference) }
            guard let change else { throw Operator.noUser(reference) }
            let email = TextTable.sanitized(change.email)
            try StandardOutput.print(change.isNew ? "enabled \(email)" : "\(email) is not disabled")
        }
    }

    /// Changes a user's email address.
    struct SetEmail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set-email",
            abstract: "Changes a user's email address.",
            discussion: """
                The new address counts as unverified, so no provider account is linked by it. Sessions and linked provider \
                accounts stay; a recovery link that was not used yet is revoked.
                """
        )

        @OptionGroup var argument: UserArgument

        @Argument(help: "The new email address.")
        var email: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let reference = try argument.reference
            let address: EmailAddress
            do throws(RuleViolation) {
                address = try EmailAddress(email)
            } catch {
                throw Operator.usageError("email: \(error.detail)")
            }
            let changed = try await Operator.run { try await $0.setEmail(of: reference, to: address) }
            guard let changed else { throw Operator.noUser(reference) }
            try StandardOutput.print(changed.text(json: json))
        }
    }

    /// Lets a disconnected provider account sign in again.
    struct AllowIdentity: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "allow-identity",
            abstract: "Deletes the record that a user disconnected a provider account.",
            discussion: """
                A disconnected provider account cannot sign in until its signed-in user connects it again. After this \
                command it is new to the site: the rules for linking by email address apply.
                """
        )

        @Argument(help: "Email address or identifier.")
        var user: String

        @Argument(help: "The provider's key: \(OAuthProvider.settable.map(\.rawValue).joined(separator: ", ")).")
        var provider: String

        func run() async throws {
            let reference = try Operator.reference(user)
            guard let provider = OAuthProvider(exactly: provider), OAuthProvider.settable.contains(provider) else {
                let keys = OAuthProvider.settable.map(\.rawValue).joined(separator: ", ")
                throw Operator.usageError("provider: must be one of \(keys)")
            }
            let allowed = try await Operator.run { try await $0.allowIdentities(of: reference, at: provider) }
            guard let allowed else { throw Operator.noUser(reference) }
            guard allowed > 0 else {
                StandardError.print("\(reference) has disconnected no \(provider.shownName) account")
                throw Operator.notFound
            }
            try StandardOutput.print("allowed \(Operator.count(allowed, "\(provider.shownName) account"))")
        }
    }
}
