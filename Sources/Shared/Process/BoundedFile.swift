#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads small files whose size the system does not tell, or that somebody else wrote.
enum BoundedFile {
    /// Why a file cannot be read.
    enum Failure: Error {
        /// The error number of open(2) or read(2).
        case system(Int32)
        /// The file holds more than the limit.
        case tooLarge

        /// The cause in the system's words.
        var reason: String {
            switch self {
            case .system(let code): String(cString: strerror(code))
            case .tooLarge: "the file is too large"
            }
        }
    }

    /// The content of a file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - limit: the most bytes that it may hold.
    /// - Returns: the bytes.
    /// - Throws: ``Failure``.
    static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(errno) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count <= limit {
            let part = bytes.withUnsafeMutableBytes { buffer in
                readSome(descriptor, UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            }
            if part < 0, errno == EINTR { continue }
            guard part >= 0 else { throw .system(errno) }
            if part == 0 { return Array(bytes.prefix(count)) }
            count += part
        }
        throw .tooLarge
    }

    private static func readSome(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #else
            Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }
}
