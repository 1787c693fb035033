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
        abstract: "Prints random secrets as lines for .env, or writes each to a separate file."
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
        help: "A setting whose file the group of this process may read too (mode 0440). Repeatable."
    )
    var groupReadable: [String] = []

    @Option(
        parsing: .singleValue,
        help: """
            NAME=FOLDER: this setting's file goes to a folder of its own, for readers who may not read the others; a \
            file that is still in the common folder is moved. May be given several times.
            """
    )
    var apart: [String] = []

    private static let names: [SettingName] = [.secretKey, .postgresPassword, .postgresAPIPassword]
    /// What a deployment with one role in its database needs.
    private static let printedNames: [SettingName] = [.secretKey, .postgresPassword]

    func validate() throws {
        for name in groupReadable + folders.keys where !Self.names.contains(where: { $0.rawValue == name }) {
            throw ValidationError("\(name) is not one of \(Self.names.map(\.rawValue).joined(separator: ", "))")
        }
    }

    /// The folders given by `--apart`, by name.
    private var folders: [String: String] {
        let pairs = apart.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        return Dictionary(pairs.map { ($0.first ?? "", $0.last ?? "") }) { $1 }
    }

    func run() async throws {
        guard let directory else {
            for name in Self.printedNames { print("\(name.rawValue)=\(Base64URL.random256Bits())") }
            return
        }
        let names = Self.names
        var reader = SettingsReader()
        let given = names.map { reader.secret($0) }
        do {
            try reader.finish()
        } catch {
            error.report()
            throw ExitCode(SettingsFaults.exitStatus)
        }
        for (name, value) in zip(names, given) {
            let fileName = name.rawValue.lowercased()
            let common = SecretFile(path: "\(directory)/\(fileName)")
            let folder = folders[name.rawValue]
            let file = folder.map { SecretFile(path: "\($0)/\(fileName)") } ?? common
            let former = folder == nil ? nil : common.content
            let mode: mode_t = groupReadable.contains(name.rawValue) ? 0o440 : 0o400
            let content = value?.value ?? former ?? Base64URL.random256Bits()
            // A file that has the value stays, and its time with it, by which its age is known.
            switch file.write(content, mode: mode, replacing: value != nil && file.content != value?.value) {
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
}
