import ArgumentParser
import Shared

import Glibc

/// Generates the secrets of a deployment.
struct GenerateSecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate-secrets",
        abstract: "Prints random secrets as lines for .env, or writes each to a separate file."
    )

    @Option(
        help: """
            A folder; each secret is written to a separate file there, with mode 0400. A value that is set in the \
            environment is written every time; otherwise an existing file is kept, or a random value is generated.
            """
    )
    var directory: String?

    @Option(
        parsing: .singleValue,
        help: "A setting whose file the group of this process can also read (mode 0440). Can be repeated."
    )
    var groupReadable: [String] = []

    @Option(
        parsing: .singleValue,
        help: """
            NAME=FOLDER: the file of this setting is written to a separate folder, for programs that must not read the others; a \
            file that is still in the common folder is moved. Can be repeated.
            """
    )
    var apart: [String] = []

    private static let names: [SettingName] = [.secretKey, .postgresPassword, .postgresAPIPassword]
    /// The secrets of a deployment with one database role.
    private static let printedNames: [SettingName] = [.secretKey, .postgresPassword]

    func validate() throws {
        for name in groupReadable + folders.keys where !Self.names.contains(where: { $0.rawValue == name }) {
            throw ValidationError("\(name) is not one of \(Self.names.map(\.rawValue).joined(separator: ", "))")
        }
        // The files would be written to the root folder.
        guard directory?.isEmpty != true, !folders.values.contains("") else {
            throw ValidationError("the name of a folder is missing")
        }
    }

    /// The folders of `--apart`, by name.
    private var folders: [String: String] {
        let pairs = apart.map { text -> (String, String) in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
        return Dictionary(pairs) { $1 }
    }

    func run() async throws {
        guard let directory else {
            for name in Self.printedNames { try StandardOutput.print("\(name.rawValue)=\(Base64URL.random256Bits())") }
            return
        }
        let names = Self.names
        var reader = SettingsReader()
        let given = names.map { reader.secret($0) }
        // Before anything is written: a generated secret that is replaced cannot be recovered.
        for (name, value) in zip(names, given) where name != .postgresPassword {
            if let value, let weakness = SecretStrength.weakness(of: value) { reader.fault(name, weakness) }
        }
        do {
            try reader.throwIfInvalid()
        } catch {
            throw error.reported()
        }
        for (name, value) in zip(names, given) {
            let fileName = name.rawValue.lowercased()
            let common = SecretFile(path: "\(directory)/\(fileName)")
            let folder = folders[name.rawValue]
            let file = folder.map { SecretFile(path: "\($0)/\(fileName)") } ?? common
            let former = folder == nil ? nil : try Self.former(common)
            let mode: mode_t = groupReadable.contains(name.rawValue) ? 0o440 : 0o400
            let content = value?.value ?? former ?? Base64URL.random256Bits()
            // A file with the same value is not written again, so that its modification time is the age of the secret.
            switch file.write(content, mode: mode, replacing: value != nil && (try? file.content()) != value?.value) {
            case 0: StandardError.print("\(file.path): written")
            case EEXIST: StandardError.print("\(file.path): kept")
            case let code:
                StandardError.print("\(file.path): \(unsafe String(cString: strerror(code)))")
                // EX_CANTCREAT of sysexits.h
                throw ExitCode(73)
            }
            if former != nil { common.remove() }
        }
    }

    /// The secret in the common folder, which another folder gets; nil when there is none.
    ///
    /// - Throws: ``ExitCode`` 73 when it cannot be read or is empty: a new secret would not be that of the database.
    private static func former(_ file: SecretFile) throws -> String? {
        let reason: String
        do throws(BoundedFile.Failure) {
            guard let content = try file.content() else { return nil }
            guard content.allSatisfy(\.isWhitespace) else { return content }
            reason = "the file is empty"
        } catch {
            reason = error.reason
        }
        StandardError.print("\(file.path): \(reason)")
        throw ExitCode(73)
    }
}
