import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Runs a program and waits for it, off Swift's own threads.
///
/// Not `Process`, which waits while a server that the program started in the background runs.
enum TestCommand {
    /// The program failed.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a program from PATH and returns its output; throws `Failure` unless it exits with status 0.
    @discardableResult
    static func run(_ arguments: [String]) async throws -> String {
        try await onThread {
            // A file instead of a pipe, which such a server would keep open.
            let output = FileManager.default.temporaryDirectory.appending(path: "yoshikosan-\(UUID().uuidString).out")
                .path()
            defer { unlink(output) }
            let status = try spawn(arguments, output)
            let text = String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
            guard status == 0 else {
                throw Failure(description: "\(arguments.joined(separator: " ")): status \(status)\n\(text)")
            }
            return text
        }
    }

    /// Runs blocking work on a separate thread.
    static func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
        }
    }

    /// Runs the program with its output in the file `output`; returns its wait status.
    private static func spawn(_ arguments: [String], _ output: String) throws -> Int32 {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&files, 1, output, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&files, 1, 2)
        var strings: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for string in strings { free(string) } }
        var child = pid_t()
        let failure = posix_spawnp(&child, arguments[0], &files, nil, &strings, environ)
        guard failure == 0 else {
            throw Failure(description: "\(arguments[0]): \(String(cString: strerror(failure)))")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
    }
}
