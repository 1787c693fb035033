import ArgumentParser

/// The user that a command applies to.
struct UserArgument: ParsableArguments {
    @Argument(help: "Email address or ID.")
    var user: String

    /// The reference to the user.
    ///
    /// - Throws: ``ExitCode`` 64 when the argument is neither an email address nor an ID.
    var reference: UserReference { get throws { try Operator.reference(user) } }
}
