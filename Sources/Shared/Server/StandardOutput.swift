import ArgumentParser
import Glibc

/// Writes the results of commands to standard output.
///
/// `print` ignores failures: an export to a full disk would be truncated, with status 0.
public enum StandardOutput {
    /// Writes a text and a line break.
    ///
    /// - Throws: ``ExitCode`` 74 (`EX_IOERR` of sysexits.h) when it cannot be written; the reason has been printed.
    public static func print(_ text: some CustomStringConvertible) throws { try write("\(text)\n") }

    /// Writes a text; throws like ``print(_:)``.
    public static func write(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            let code = errno
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if code == EAGAIN {
                // Another program has made the pipe or terminal non-blocking.
                var request = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                _ = poll(&request, 1, -1)
            } else if code != EINTR {
                StandardError.print("standard output cannot be written: \(String(cString: strerror(code)))")
                throw ExitCode(74)
            }
        }
    }
}
