import ArgumentParser
import Glibc
import Shared

/// Writes the results of commands to standard output.
///
/// `print` ignores failures: an export to a full disk would be truncated, with status 0.
enum StandardOutput {
    /// Writes a text and a line break.
    ///
    /// - Throws: ``ExitCode`` 74 (`EX_IOERR` of sysexits.h) when it cannot be written; the reason has been printed.
    static func print(_ text: some CustomStringConvertible) throws {
        var rest = Array("\(text)\n".utf8)[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            let code = errno
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if code == EAGAIN {
                // Another program has made the pipe or terminal non-blocking.
                var request = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&request, 1, -1)
            } else if code != EINTR {
                StandardError.print("standard output cannot be written: \(unsafe String(cString: strerror(code)))")
                throw ExitCode(74)
            }
        }
    }
}
