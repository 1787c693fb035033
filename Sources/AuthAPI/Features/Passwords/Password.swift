import Glibc
@_spi(_Unicode) internal import Swift

/// A password as somebody typed it, ready to be hashed; it shows itself to nobody.
///
/// The same characters can be typed as different code points (é, or e and an accent), depending on the keyboard, so
/// what is hashed is Unicode normalisation form C (RFC 8265, section 4.2.1). The form as typed is kept too, because
/// an earlier backend hashed that one. The bytes are overwritten as soon as the last copy of the value goes.
struct Password: Sendable {
    /// UTF-8 of normalisation form C: what new hashes are made of.
    let normalized: SecretBytes
    /// UTF-8 as typed, where that differs from `normalized`.
    let typed: SecretBytes?

    /// The most code points that are normalised.
    ///
    /// Normalising takes time in the square of the length for a text of combining characters alone, a quarter of a
    /// second for 64 KiB. A text longer than this is longer than any password that `PasswordRules` let through: four
    /// code points at most become one.
    private static let normalizationLimit = 1_024

    /// Takes any text; length and composition are the business of `PasswordRules`.
    init(_ text: String) {
        guard text.unicodeScalars.count <= Self.normalizationLimit else {
            normalized = SecretBytes(text.utf8)
            typed = nil
            return
        }
        let normal = String(String.UnicodeScalarView(text._nfc))
        normalized = SecretBytes(normal.utf8)
        // `==` on strings compares canonical equivalence, which would find the two forms equal.
        typed = normal.utf8.elementsEqual(text.utf8) ? nil : SecretBytes(text.utf8)
    }
}

extension Password: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Tells nothing, so that a careless log line gives nothing away.
    var description: String { "Password" }
    /// Tells nothing, as `description` does.
    var debugDescription: String { description }
    /// Has no children, so that `dump` shows nothing either.
    var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Bytes that are overwritten with zeros when nobody needs them any more.
///
/// `@unchecked Sendable`: the memory is written in `init` and `deinit` alone, where no other reference exists.
/// `@safe`: the memory belongs to this object alone, and its bounds travel with the pointer.
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

    /// Lends the bytes for the time of the call; `body` must not keep the pointer.
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try unsafe body(UnsafeRawBufferPointer(memory))
    }
}

/// Overwrites memory with zeros in a way that the compiler may not leave out.
func wipe(_ buffer: UnsafeMutableRawBufferPointer) {
    guard let start = buffer.baseAddress else { return }
    unsafe explicit_bzero(start, buffer.count)
}
