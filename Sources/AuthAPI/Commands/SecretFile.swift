import FoundationEssentials
import Shared

import Glibc

/// A file with one secret: written atomically, with a restrictive mode.
struct SecretFile {
    let path: String

    /// Writes the file; replaces or keeps an existing one.
    ///
    /// - Returns: 0, or the system's error code; `EEXIST` when an existing file was kept.
    func write(_ content: String, mode: mode_t, replacing: Bool) -> Int32 {
        let temporary = "\(path).\(UUID.random().uuidString)"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { return errno }
        defer { unsafe unlink(temporary) }
        var content = content
        let written = content.withUTF8 { unsafe Self.write(descriptor, $0.baseAddress, $0.count) }
        // The mode does not depend on the umask.
        guard written == content.utf8.count, fchmod(descriptor, mode) == 0, fsync(descriptor) == 0,
            close(descriptor) == 0
        else { return errno }
        if replacing { return unsafe rename(temporary, path) == 0 ? 0 : errno }
        // A link fails if the file exists: of two concurrent processes, one writes the file and the other keeps it.
        return unsafe link(temporary, path) == 0 ? 0 : errno
    }

    /// The content; nil when there is no such file.
    ///
    /// - Throws: ``BoundedFile/Failure`` when the file cannot be read.
    func content() throws(BoundedFile.Failure) -> String? {
        do throws(BoundedFile.Failure) {
            let bytes = try BoundedFile.read(path, limit: 65_536)
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .system(EILSEQ) }
            return text
        } catch {
            guard case .system(ENOENT) = error else { throw error }
            return nil
        }
    }

    /// Deletes the file.
    func remove() { unsafe unlink(path) }

    private static func write(_ descriptor: Int32, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
        unsafe Glibc.write(descriptor, start, count)
    }
}
