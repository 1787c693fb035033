import Foundation

/// A folder for the files of one test.
struct TestFolder {
    /// The path.
    let path: String

    /// Creates a folder while the closure runs.
    static func with<Value>(_ body: (TestFolder) throws -> Value) throws -> Value {
        let url = FileManager.default.temporaryDirectory.appending(path: "yoshikosan-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(TestFolder(path: url.path))
    }

    /// Writes a file; returns its path.
    func file(_ name: String, _ content: some Sequence<UInt8>) throws -> String {
        let file = "\(path)/\(name)"
        try Data(content).write(to: URL(filePath: file))
        return file
    }
}
