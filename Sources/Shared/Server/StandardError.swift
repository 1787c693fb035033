#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Lines for the person at the terminal.
public enum StandardError {
    /// Writes a text and a line break to standard error.
    public static func print(_ text: String) {
        var rest = Array((text + "\n").utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            // A terminal that is gone cannot be told so.
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
