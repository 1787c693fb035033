import ArgumentParser
import Crypto
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

    @Option(help: "A folder; each secret that has no file there yet is written to one with mode 0400.")
    var directory: String?

    func run() async throws {
        let names: [SettingName] = [.secretKey, .postgresPassword]
        guard let directory else {
            for name in names { print("\(name.rawValue)=\(Self.randomText())") }
            return
        }
        for name in names {
            let path = "\(directory)/\(name.rawValue.lowercased())"
            switch Self.createFile(path, content: Self.randomText()) {
            case 0: StandardError.print("\(path): written")
            case EEXIST: StandardError.print("\(path): kept")
            case let code:
                StandardError.print("\(path): \(unsafe String(cString: strerror(code)))")
                // EX_CANTCREAT of sysexits.h
                throw ExitCode(73)
            }
        }
    }

    /// 256 random bits in 43 characters that need no quotes anywhere.
    static func randomText() -> String {
        unsafe SymmetricKey(size: .bits256).withUnsafeBytes { bytes in
            unsafe Data(bytes).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }
    }

    /// Writes a file that was not there, complete or not at all.
    ///
    /// - Returns: 0, or the error code of the system.
    private static func createFile(_ path: String, content: String) -> Int32 {
        let temporary = "\(path).\(UUID().uuidString)"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o400)
        guard descriptor >= 0 else { return errno }
        defer { unsafe unlink(temporary) }
        var content = content
        let written = content.withUTF8 { unsafe write(descriptor, $0.baseAddress, $0.count) }
        guard written == content.utf8.count, fsync(descriptor) == 0, close(descriptor) == 0 else { return errno }
        // A link fails where a file of the name exists: of two that start at once, one wins and the other keeps it.
        return unsafe link(temporary, path) == 0 ? 0 : errno
    }
}
