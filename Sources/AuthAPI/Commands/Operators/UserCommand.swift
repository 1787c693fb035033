import ArgumentParser
import FoundationEssentials
import Shared

/// Lists, shows, creates and deletes users.
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Lists, shows, creates and deletes users.",
        discussion: "Users are identified by email address or ID. Exit status 1: there is no such user.",
        subcommands: [
            List.self, Show.self, Create.self, Delete.self, EndSessions.self, Recover.self, Disable.self, Enable.self,
            SetEmail.self,
            AllowIdentity.self, Export.self, Import.self,
        ]
    )

    /// Lists users.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists users, newest first.")

        @Option(help: "Only users whose email address or name contains this text, regardless of case.")
        var search: String?

        @OptionGroup var list: ListOptions

        func run() async throws {
            let users = try await Operator.run { service in
                guard let users = try await service.store.users(list.page, search: search) else {
                    throw Operator.noRow(list)
                }
                return users
            }
            try list.show(
                users,
                id: \.id.lowercaseText,
                empty: "no users",
                titles: ["EMAIL", "SIGNS IN BY", "SESSIONS", "CREATED", "ID", "NAME"],
                cells: {
                    [
                        $0.email, $0.disabledAt == nil ? $0.signIn : "disabled", "\($0.sessions)",
                        $0.createdAt.ISO8601Format(), $0.id.lowercaseText, $0.name,
                    ]
                }
            )
        }
    }

    /// Shows one user.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a user, without secrets.")

        @OptionGroup var argument: UserArgument

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let reference = try argument.reference
            guard let found = try await Operator.run({ try await $0.store.user(reference) }) else {
                throw Operator.noUser(reference)
            }
            try found.show(json: json)
        }
    }

    /// Creates a user.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Creates a user who signs in with a password.",
            discussion: """
                The password is asked for at the terminal, or read as the first line of standard input; never an \
                argument, which others could see. The rules are those of the registration form.
                """
        )

        @Argument(help: "The email address.")
        var email: String

        @Option(help: "The display name.")
        var name: String

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let registration = try Self.registration(
                email: email,
                name: name,
                siteWords: APISettings.orExit().common.siteWords,
                password: Terminal.standard.newPassword
            )
            guard let made = try await Operator.run({ try await $0.create(registration) }) else {
                // It was deleted at the same time.
                throw Operator.notFound
            }
            try made.show(json: json)
        }

        /// Validates the arguments by the rules of registration.
        ///
        /// - Throws: ``ExitCode`` 64 with a line for each violated rule.
        static func registration(
            email: String,
            name: String,
            siteWords: [String] = [],
            password: () throws -> String
        ) throws -> UserService.Registration {
            var faults: [String] = []
            var address: EmailAddress?
            var displayName: DisplayName?
            do throws(RuleViolation) { address = try EmailAddress(email) } catch { faults.append(error.detail) }
            do throws(RuleViolation) { displayName = try DisplayName(name) } catch { faults.append(error.detail) }
            // Report an invalid address before asking for the password.
            guard let address, let displayName else { throw Operator.usageError(faults.joined(separator: "\n")) }
            let text = try password()
            let broken = PasswordRules.violations(in: text, besides: [address.value, name] + siteWords)
            guard broken.isEmpty else { throw Operator.usageError(broken.map(\.detail).joined(separator: "\n")) }
            return .init(email: address, name: displayName, password: Password(text))
        }
    }

    /// Deletes a user.
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes a user with all sessions and linked accounts permanently (asks first)."
        )

        @OptionGroup var argument: UserArgument

        @Flag(help: "Do not ask for confirmation.")
        var yes = false

        func run() async throws {
            let reference = try argument.reference
            try Operator.requireAnswer(isAgreed: yes)
            try await Operator.run { service in
                guard let found = try await service.store.user(reference) else { throw Operator.noUser(reference) }
                try Operator.confirm(
                    deletionOf: "\(TextTable.sanitized(found.email)) permanently",
                    byTyping: found.email,
                    "the address",
                    isAgreed: yes
                )
                try Self.report(try await service.delete(found), of: found)
            }
        }

        /// Prints the result.
        ///
        /// - Throws: ``ExitCode`` 1 when the user was not deleted.
        private static func report(_ deletion: UserDeletion, of shown: UserRecord) throws {
            let (id, email) = (shown.id.lowercaseText, TextTable.sanitized(shown.email))
            switch deletion {
            case .deleted: return try StandardOutput.print("deleted \(email)")
            case .changed:
                StandardError.print(
                    "nothing was deleted: the user \(id) no longer has the address \(email); run the command again"
                )
            case .gone: StandardError.print("nothing was deleted: the user \(id) no longer exists")
            }
            throw Operator.notFound
        }
    }

    /// Signs a user out everywhere.
    struct EndSessions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "end-sessions",
            abstract: "Signs a user out on every device."
        )

        @OptionGroup var argument: UserArgument

        func run() async throws {
            let reference = try argument.reference
            guard let ended = try await Operator.run({ try await $0.store.endSessions(of: reference) }) else {
                throw Operator.noUser(reference)
            }
            try StandardOutput.print("ended \(Operator.count(ended, "session"))")
        }
    }
}

extension UserRecord {
    /// The user's sign-in methods.
    var signIn: String {
        let methods = (hasPassword ? ["password"] : []) + providers
        return methods.isEmpty ? "nothing" : methods.joined(separator: ",")
    }

    /// Prints the record.
    fileprivate func show(json: Bool) throws { try StandardOutput.print(text(json: json)) }

    /// The record as lines, or as JSON.
    func text(json: Bool) throws -> String {
        if json { return try JSONText.of(self) }
        let lines = [
            ("id", id.lowercaseText), ("email", TextTable.sanitized(email)), ("name", TextTable.sanitized(name)),
            ("signs in by", signIn), ("email verified", emailVerifiedAt?.ISO8601Format() ?? "never"),
            ("disabled", disabledAt?.ISO8601Format() ?? "no"), ("created", createdAt.ISO8601Format()),
            ("changed", updatedAt.ISO8601Format()), ("live sessions", "\(sessions)"),
        ]
        return lines.map { label, value in
            "\(label):" + String(repeating: " ", count: 16 - label.count) + value
        }.joined(separator: "\n")
    }
}
