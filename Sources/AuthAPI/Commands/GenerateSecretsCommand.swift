import ArgumentParser
import FoundationEssentials
import Shared

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Makes random values for the secrets that a deployment needs.
struct GenerateSecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate-secrets",
        abstract: "Prints random secrets as lines for .env, or writes each to a file of its own."
    )

    @Option(
        help: """
            A folder; each secret goes to a file of its own there, with mode 0400. A value that is set in the \
            environment is written every time; without one, the file is kept or a random one is made.
            """
    )
    var directory: String?

    @Option(
        parsing: .singleValue,
        help: "The setting whose file the group of this process may read too (mode 0440); may be given several times."
    )
    var groupReadable: [String] = []

    private static let names: [SettingName] = [.secretKey, .postgresPassword]

    func validate() throws {
        for name in groupReadable where !Self.names.contains(where: { $0.rawValue == name }) {
            throw ValidationError("\(name) is none of \(Self.names.map(\.rawValue).joined(separator: ", "))")
        }
    }

    func run() async throws {
        let names = Self.names
        guard let directory else {
            for name in names { print("\(name.rawValue)=\(Base64URL.random256Bits())") }
            return
        }
        var reader = SettingsReader()
        let given = names.map { reader.secret($0) }
        do {
            try reader.finish()
        } catch {
            StandardError.print(error.description)
            throw ExitCode(SettingsFaults.exitStatus)
        }
        for (name, value) in zip(names, given) {
            let path = "\(directory)/\(name.rawValue.lowercased())"
            let mode: mode_t = groupReadable.contains(name.rawValue) ? 0o440 : 0o400
            let content = value?.value ?? Base64URL.random256Bits()
            switch Self.writeFile(path, mode: mode, content: content, replacing: value != nil) {
            case 0: StandardError.print("\(path): written")
            case EEXIST: StandardError.print("\(path): kept")
            case let code:
                StandardError.print("\(path): \(unsafe String(cString: strerror(code)))")
                // EX_CANTCREAT of sysexits.h
                throw ExitCode(73)
            }
        }
    }

    /// Writes a file, complete or not at all.
    ///
    /// A file of the name is replaced if so asked; else it is kept.
    ///
    /// - Returns: 0, or the error code of the system; `EEXIST` when a file was kept.
    private static func writeFile(_ path: String, mode: mode_t, content: String, replacing: Bool) -> Int32 {
        let temporary = "\(path).\(UUID().uuidString)"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { return errno }
        defer { unsafe unlink(temporary) }
        var content = content
        let written = content.withUTF8 { unsafe write(descriptor, $0.baseAddress, $0.count) }
        guard written == content.utf8.count, fsync(descriptor) == 0, close(descriptor) == 0 else { return errno }
        if replacing { return unsafe rename(temporary, path) == 0 ? 0 : errno }
        // A link fails where a file of the name exists: of two that start at once, one wins and the other keeps it.
        return unsafe link(temporary, path) == 0 ? 0 : errno
    }
}
