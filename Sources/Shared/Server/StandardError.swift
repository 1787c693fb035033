#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Lines for the person at the terminal.
public enum StandardError {
    /// Writes a text and a line break to standard error.
    public static func print(_ text: String) {
        var line = text + "\n"
        line.withUTF8 { bytes in
            // A terminal that is gone cannot be told so.
            _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}
