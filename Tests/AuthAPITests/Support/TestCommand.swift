import Dispatch
import Foundation

/// Runs a program and waits for it, off Swift's own threads.
enum TestCommand {
    /// The program failed.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a program found in PATH and gives what it printed; throws `Failure` unless it ends with status 0.
    @discardableResult
    static func run(_ arguments: [String]) async throws -> String {
        try await onThread {
            let process = Process()
            let output = FileHandle.temporary()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = arguments
            // A file rather than a pipe: a server started by the program would hold a pipe open.
            process.standardOutput = output.handle
            process.standardError = output.handle
            process.standardInput = FileHandle.nullDevice
            defer { try? FileManager.default.removeItem(at: output.url) }
            try process.run()
            process.waitUntilExit()
            let text = String(decoding: (try? Data(contentsOf: output.url)) ?? Data(), as: UTF8.self)
            guard process.terminationStatus == 0 else {
                throw Failure(
                    description: "\(arguments.joined(separator: " ")): status \(process.terminationStatus)\n\(text)"
                )
            }
            return text
        }
    }

    /// Runs blocking work on a thread of its own.
    static func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
        }
    }
}

extension FileHandle {
    /// A new file in the temporary folder, open for writing.
    fileprivate static func temporary() -> (url: URL, handle: FileHandle) {
        let url = FileManager.default.temporaryDirectory.appending(path: "yoshikosan-\(UUID().uuidString).out")
        _ = FileManager.default.createFile(atPath: url.path(), contents: nil)
        return (url, FileHandle(forWritingAtPath: url.path()) ?? .nullDevice)
    }
}
