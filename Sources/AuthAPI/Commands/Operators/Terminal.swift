import ArgumentParser
import Glibc

/// Asks questions on the terminal.
struct Terminal: Sendable {
    /// The terminal of this process: input is standard input, questions go to standard error.
    static let standard = Terminal(input: STDIN_FILENO, output: STDERR_FILENO)

    /// The maximum length of a line in bytes.
    static let maximumLength = 4096

    /// The file descriptor of the input.
    let input: Int32
    /// The file descriptor for questions.
    let output: Int32

    /// Whether the input is a terminal.
    var isInteractive: Bool { isatty(input) == 1 }

    /// Asks and reads one line; nil at the end of the input.
    func ask(_ question: String) -> String? {
        write(question)
        return readLine()
    }

    /// Reads a password: from the terminal, without echo and twice, or from the first line of the input.
    ///
    /// - Throws: ``ExitCode`` 64 when there is none, or the two are different; `CancellationError` when the task is
    ///   cancelled while the terminal is read.
    func newPassword() throws -> String {
        guard isInteractive else {
            var bytes = readBytes() ?? []
            // Editors on Windows begin files with a byte order mark.
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
            guard !bytes.isEmpty else {
                throw Operator.usageError("standard input is empty: give the password as its first line")
            }
            guard let line = String(validating: bytes, as: UTF8.self) else {
                throw Operator.usageError("standard input is not text in UTF-8")
            }
            return line
        }
        let first = try readWithoutEcho("Password: ")
        guard try readWithoutEcho("Repeat password: ") == first else {
            throw Operator.usageError("the passwords do not match")
        }
        return first
    }

    private func readLine() -> String? { readBytes().map { String(decoding: $0, as: UTF8.self) } }

    /// Reads a line, byte by byte so that the following input stays unread; nil at the end of the input.
    private func readBytes() -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < Self.maximumLength {
            guard let byte = readByte() else {
                if bytes.isEmpty { return nil }
                break
            }
            if byte == 0x0A { break }
            bytes.append(byte)
        }
        if bytes.last == 0x0D { bytes.removeLast() }
        return bytes
    }

    /// The next byte; nil at the end of the input and when the task is cancelled.
    private func readByte() -> UInt8? {
        var byte: UInt8 = 0
        while !Task.isCancelled {
            var request = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&request, 1, 100) != 0 else { continue }
            switch unsafe read(input, &byte, 1) {
            case 1: return byte
            case -1 where errno == EINTR: continue
            default: return nil
            }
        }
        return nil
    }

    /// Reads a line without echo, byte by byte, so that Ctrl-C and SIGTERM restore the terminal.
    private func readWithoutEcho(_ prompt: String) throws -> String {
        var saved = termios()
        guard unsafe tcgetattr(input, &saved) == 0 else {
            throw Operator.usageError("the terminal cannot be read")
        }
        var withoutEcho = saved
        withoutEcho.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard unsafe tcsetattr(input, TCSAFLUSH, &withoutEcho) == 0 else {
            throw Operator.usageError("the terminal cannot hide input")
        }
        defer {
            _ = unsafe tcsetattr(input, TCSAFLUSH, &saved)
            write("\n")
        }
        write(prompt)
        var bytes: [UInt8] = []
        while bytes.count < Self.maximumLength, let byte = readByte() {
            switch byte {
            case 0x0A, 0x0D, 0x04: return String(decoding: bytes, as: UTF8.self)
            // Ctrl-C, Ctrl-\ and Ctrl-Z: exit like a program that SIGINT ended.
            case 0x03, 0x1C, 0x1A: throw ExitCode(130)
            case 0x7F, 0x08:
                while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
            case 0x15: bytes = []
            default: bytes.append(byte)
            }
        }
        try Task.checkCancellation()
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(output, $0.baseAddress, $0.count) }
    }
}
