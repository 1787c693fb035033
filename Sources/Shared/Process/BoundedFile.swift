import Glibc

/// Reads small files whose size is unknown or not trusted.
public enum BoundedFile {
    /// Why a file cannot be read.
    public enum Failure: Error {
        /// The error number of open(2) or read(2).
        case system(Int32)
        /// The file is larger than the limit.
        case tooLarge
        /// It is a pipe or a terminal, and nothing was written to it.
        case silent

        /// The system's error message.
        public var reason: String {
            switch self {
            case .system(let code): String(cString: strerror(code))
            case .tooLarge: "the file is too large"
            case .silent: "it is not a regular file, and nothing was written to it"
            }
        }
    }

    /// The content of a file.
    ///
    /// - Parameters:
    ///   - path: the file; it may be a pipe, such as one of a shell's process substitution.
    ///   - limit: the maximum size in bytes.
    ///   - timeout: how long to wait for each part of a pipe, in milliseconds.
    /// - Returns: the bytes.
    /// - Throws: ``Failure``.
    public static func read(_ path: String, limit: Int, timeout: Int32 = 5000) throws(Failure) -> [UInt8] {
        // Without O_NONBLOCK, opening a pipe would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(errno) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count <= limit {
            var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&state, 1, timeout)
            if ready < 0, errno == EINTR { continue }
            guard ready >= 0 else { throw .system(errno) }
            guard ready > 0 else { throw .silent }
            let part = bytes.withUnsafeMutableBytes { buffer in
                readSome(descriptor, UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            }
            if part < 0, errno == EINTR || errno == EAGAIN { continue }
            guard part >= 0 else { throw .system(errno) }
            if part == 0 { return Array(bytes.prefix(count)) }
            count += part
        }
        throw .tooLarge
    }

    private static func readSome(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    }
}
