import CArgon2
import Glibc
import NIOCore
import Synchronization

/// The memory that hashes work in, kept from one hash for the next.
///
/// From the heap it would be carved out anew each time, and a small thing that outlives a hash may lie where the next
/// would fit: then the process grows by another block, and stays so.
final class Argon2Memory: Sendable {
    /// That of all hashing threads, with a block for each.
    static let shared = Argon2Memory(limit: System.coreCount)

    private struct Block: Sendable {
        let address: UInt
        let size: Int
    }

    private let limit: Int
    private let spare = Mutex<[Block]>([])

    /// Makes a store that keeps at most `limit` blocks nobody uses; the ones of the newest size stay.
    init(limit: Int) { self.limit = limit }

    deinit {
        for block in spare.withLock({ $0 }) { Self.unmap(block) }
    }

    /// Points `memory` to so many bytes, which may have any content: the `allocate_cbk` of libargon2.
    ///
    /// - Returns: `ARGON2_OK`, or `ARGON2_MEMORY_ALLOCATION_ERROR` when the system gives no more.
    func allocate(_ memory: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, _ size: Int) -> Int32 {
        let kept = spare.withLock { blocks in
            blocks.lastIndex { $0.size == size }.map { blocks.remove(at: $0) }
        }
        if let kept {
            unsafe memory?.pointee = UnsafeMutablePointer(bitPattern: kept.address)
            return ARGON2_OK.rawValue
        }
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let new = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), unsafe new != MAP_FAILED else {
            return ARGON2_MEMORY_ALLOCATION_ERROR.rawValue
        }
        unsafe memory?.pointee = new.assumingMemoryBound(to: UInt8.self)
        return ARGON2_OK.rawValue
    }

    /// Takes back what `allocate` gave, which libargon2 has overwritten: its `free_cbk`.
    func free(_ memory: UnsafeMutablePointer<UInt8>?, _ size: Int) {
        guard let memory = unsafe memory else { return }
        let block = Block(address: UInt(bitPattern: memory), size: size)
        let surplus = spare.withLock { blocks in
            blocks.append(block)
            return blocks.count > limit ? blocks.removeFirst() : nil
        }
        if let surplus { Self.unmap(surplus) }
    }

    private static func unmap(_ block: Block) {
        unsafe munmap(UnsafeMutableRawPointer(bitPattern: block.address), block.size)
    }
}
