import Glibc

/// The descriptors of standard input, output and error.
public enum StandardDescriptors {
    /// Opens `/dev/null` for each one that is closed, for reading only: reading ends at once, and writing fails.
    ///
    /// Call it before anything else opens a file or socket, which would otherwise get such a number: a command would
    /// wait for input from it, or write its output to it.
    public static func open() {
        // The lowest free number is used, and all numbers below are open.
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            _ = Glibc.open("/dev/null", O_RDONLY)
        }
    }
}
