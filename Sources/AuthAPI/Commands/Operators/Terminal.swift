import ArgumentParser
import Glibc
import Shared

/// Questions to whoever sits at the terminal.
struct Terminal: Sendable {
    /// That of this process: it answers on standard input and is asked on standard error.
    static let standard = Terminal(input: STDIN_FILENO, output: STDERR_FILENO)

    /// The most bytes of a line that are read.
    static let maximumLength = 4096

    /// The file that answers come from.
    let input: Int32
    /// The file that questions are written to.
    let output: Int32

    /// Whether somebody can be asked: the input is a terminal.
    var isInteractive: Bool { isatty(input) == 1 }

    /// Asks and reads one line; nil at the end of the input.
    func ask(_ question: String) -> String? {
        write(question)
        return readLine()
    }

    /// A password: from the terminal, unseen and asked for twice, or the first line of the input.
    ///
    /// - Throws: ``ExitCode`` 64 when there is none, or the two differ.
    func newPassword() throws -> String {
        guard isInteractive else {
            guard let line = readLine(), !line.isEmpty else {
                throw Operator.misused("standard input is empty: give the password as its first line")
            }
            return line
        }
        let first = try readUnseen("Password: ")
        guard try readUnseen("Repeat password: ") == first else { throw Operator.misused("the passwords do not match") }
        return first
    }

    /// Reads a line, byte by byte so that what follows it stays unread; nil at the end of the input.
    private func readLine() -> String? {
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
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The next byte; nil at the end of the input.
    private func readByte() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            switch unsafe read(input, &byte, 1) {
            case 1: return byte
            case -1 where errno == EINTR: continue
            default: return nil
            }
        }
    }

    /// Reads a line byte by byte, so that Ctrl-C finds the terminal as it was.
    private func readUnseen(_ prompt: String) throws -> String {
        var saved = termios()
        guard unsafe tcgetattr(input, &saved) == 0 else {
            throw Operator.misused("the terminal cannot be read")
        }
        var unseen = saved
        unseen.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard unsafe tcsetattr(input, TCSAFLUSH, &unseen) == 0 else {
            throw Operator.misused("the terminal cannot hide input")
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
            // Ctrl-C, Ctrl-\ and Ctrl-Z: the status of a program that SIGINT ended.
            case 0x03, 0x1C, 0x1A: throw ExitCode(130)
            case 0x7F, 0x08:
                while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
            case 0x15: bytes = []
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(output, $0.baseAddress, $0.count) }
    }
}
