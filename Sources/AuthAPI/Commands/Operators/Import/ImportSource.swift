import Glibc

/// Reads the lines of a file of any size.
final class ImportSource {
    /// The maximum length of a line in bytes; a typical row has a few hundred.
    static let maximumLineLength = 65_536

    /// The file cannot be read.
    struct Unreadable: Error {
        let reason: String
    }

    private let descriptor: Int32
    private let closes: Bool
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false

    /// Opens a file; `-` is standard input.
    init(path: String) throws(Unreadable) {
        guard path != "-" else {
            descriptor = STDIN_FILENO
            closes = false
            return
        }
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        closes = true
        guard descriptor >= 0 else { throw Unreadable(reason: unsafe String(cString: strerror(errno))) }
    }

    deinit {
        if closes, descriptor >= 0 { close(descriptor) }
    }

    /// The next line without its line break; nil at the end of the file.
    ///
    /// A line that is too long is truncated to one byte more than ``maximumLineLength``; the rest is skipped.
    func nextLine() throws(Unreadable) -> [UInt8]? {
        var line: [UInt8] = []
        while true {
            if position == buffer.count {
                guard try fill() else { return line.isEmpty ? nil : Self.withoutReturn(line) }
            }
            let rest = buffer[position...]
            let end = rest.firstIndex(of: 0x0A)
            let part = rest[..<(end ?? rest.endIndex)]
            line += part.prefix(Self.maximumLineLength + 1 - line.count)
            position = end.map { $0 + 1 } ?? rest.endIndex
            if end != nil { return Self.withoutReturn(line) }
        }
    }

    private static func withoutReturn(_ line: [UInt8]) -> [UInt8] {
        line.last == 0x0D ? line.dropLast() : line
    }

    /// Reads more; false at the end of the file.
    private func fill() throws(Unreadable) -> Bool {
        guard !isAtEnd else { return false }
        if buffer.count != 65_536 { buffer = [UInt8](repeating: 0, count: 65_536) }
        var count = -1
        repeat {
            count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw Unreadable(reason: unsafe String(cString: strerror(errno))) }
        isAtEnd = count == 0
        buffer.removeLast(buffer.count - count)
        position = 0
        return count > 0
    }
}
