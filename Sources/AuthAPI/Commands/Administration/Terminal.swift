import ArgumentParser
import Glibc
import Shared

/// Questions to whoever sits at the terminal.
enum Terminal {
    /// Whether somebody can be asked: standard input is a terminal.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 }

    /// Asks on standard error and reads one line; nil at the end of the input.
    static func ask(_ question: String) -> String? {
        write(question)
        return readLine()
    }

    /// The most bytes of a password that are read.
    private static let maximumLength = 4096

    /// A password: from the terminal, unseen and asked for twice, or the first line of standard input.
    ///
    /// - Throws: ``ExitCode`` 64 when there is none, or the two differ.
    static func newPassword() throws -> String {
        guard isInteractive else {
            guard let line = readLine(), !line.isEmpty else {
                throw Administration.misused("standard input is empty: give the password as its first line")
            }
            return line
        }
        let first = try readUnseen("Password: ")
        guard try readUnseen("The same again: ") == first else { throw Administration.misused("the passwords differ") }
        return first
    }

    /// Reads a line byte by byte, so that Ctrl-C finds the terminal as it was.
    private static func readUnseen(_ prompt: String) throws -> String {
        var saved = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &saved) == 0 else {
            throw Administration.misused("the terminal cannot be read")
        }
        var unseen = saved
        unseen.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen) == 0 else {
            throw Administration.misused("the terminal cannot be told to show nothing")
        }
        defer {
            _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved)
            write("\n")
        }
        write(prompt)
        var bytes: [UInt8] = []
        while bytes.count < maximumLength {
            var byte: UInt8 = 0
            guard unsafe read(STDIN_FILENO, &byte, 1) == 1 else { break }
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

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
