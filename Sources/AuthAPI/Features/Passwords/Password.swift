import Glibc
@_spi(_Unicode) internal import Swift

/// A typed password, ready to be hashed; its description is redacted.
///
/// The same characters can be typed as different code points (é, or e and an accent), so the hash uses Unicode
/// normalization form C (RFC 8265, section 4.2.2). The typed form is kept too, because other systems hashed it.
/// The bytes are overwritten when the last copy of the value is released.
struct Password: Sendable {
    /// UTF-8 in normalization form C, for new hashes.
    let normalized: SecretBytes
    /// UTF-8 as typed, if that differs from `normalized`.
    let typed: SecretBytes?

    /// The maximum number of code points to normalize.
    ///
    /// Normalization takes quadratic time for a text of combining characters: a quarter of a second for 64 KiB. A text
    /// longer than this is longer than any password that `PasswordRules` allows: at most four code points become one.
    private static let normalizationLimit = 1_024

    /// Accepts any text; `PasswordRules` checks length and composition.
    init(_ text: String) {
        guard text.unicodeScalars.count <= Self.normalizationLimit else {
            normalized = SecretBytes(text.utf8)
            typed = nil
            return
        }
        let normal = String(String.UnicodeScalarView(text._nfc))
        normalized = SecretBytes(normal.utf8)
        // `==` on strings uses canonical equivalence, by which both forms are equal.
        typed = normal.utf8.elementsEqual(text.utf8) ? nil : SecretBytes(text.utf8)
    }
}

extension Password: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A fixed text, so that log lines cannot reveal the password.
    var description: String { "Password" }
    /// A fixed text, like `description`.
    var debugDescription: String { description }
    /// A mirror without children, so that `dump` shows nothing either.
    var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Bytes that are overwritten with zeros on release.
///
/// `@unchecked Sendable`: the memory is written only in `init` and `deinit`, where no other reference exists.
/// `@safe`: only this object owns the memory, and the buffer pointer has its bounds.
@safe final class SecretBytes: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    /// Copies the bytes.
    init(_ bytes: some Collection<UInt8>) {
        unsafe memory = .allocate(byteCount: bytes.count, alignment: 1)
        unsafe memory.copyBytes(from: bytes)
    }

    deinit {
        unsafe wipe(memory)
        unsafe memory.deallocate()
    }

    /// Calls `body` with the bytes; `body` must not keep the pointer.
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try unsafe body(UnsafeRawBufferPointer(memory))
    }
}

/// Overwrites memory with zeros in a way that the compiler cannot optimize away.
func wipe(_ buffer: UnsafeMutableRawBufferPointer) {
    guard let start = buffer.baseAddress else { return }
    unsafe explicit_bzero(start, buffer.count)
}
