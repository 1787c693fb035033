import Glibc

/// Writes messages for the operator.
public enum StandardError {
    /// Writes a text and a line break to standard error.
    public static func print(_ text: String) { write(text + "\n") }

    /// Writes a text to standard error.
    public static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { send($0) }
            // A failure cannot be reported anywhere.
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}

/// The system call; outside the type, which has a function of the same name.
private func send(_ bytes: UnsafeRawBufferPointer) -> Int { write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
