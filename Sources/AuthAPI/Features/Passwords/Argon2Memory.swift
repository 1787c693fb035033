import CArgon2
import Glibc
import Synchronization

/// The working memory of hashes, reused between hashes.
///
/// On the heap, a small allocation that outlives a hash can occupy the place of the next block; then the process grows
/// by another block permanently.
final class Argon2Memory: Sendable {
    /// The memory of all hashing threads, with one block for each.
    static let shared = Argon2Memory(limit: 1)

    private struct Block: Sendable {
        let address: UInt
        let size: Int
    }

    private struct State: Sendable {
        var limit: Int
        var byteLimit: Int
        var used = 0
        var usedBytes = 0
        var spare: [Block] = []

        /// Counts blocks that come into use, or no longer are.
        mutating func count(_ size: Int, by change: Int) {
            used += change
            usedBytes += change * size
        }

        /// Removes the spare blocks beyond the limits, the oldest first.
        mutating func removeSurplus() -> ArraySlice<Block> {
            var count = min(spare.count, max(0, used + spare.count - limit))
            var bytes = spare.dropFirst(count).reduce(usedBytes) { $0 + $1.size }
            while count < spare.count, bytes > byteLimit {
                bytes -= spare[count].size
                count += 1
            }
            let surplus = spare.prefix(count)
            spare.removeFirst(count)
            return surplus
        }
    }

    private let state: Mutex<State>

    /// Keeps at most `limit` blocks and `bytes` bytes, including those in use; the newest are kept.
    init(limit: Int, bytes: Int = .max) { state = Mutex(State(limit: limit, byteLimit: bytes)) }

    deinit {
        for block in state.withLock({ $0.spare }) { Self.unmap(block) }
    }

    /// The number of blocks, in use or not.
    var count: Int { state.withLock { $0.used + $0.spare.count } }

    /// Changes the number of blocks to keep, one for each hashing thread, and their total size.
    func keep(_ limit: Int, bytes: Int = .max) {
        let surplus = state.withLock { state in
            state.limit = limit
            state.byteLimit = bytes
            return state.removeSurplus()
        }
        for block in surplus { Self.unmap(block) }
    }

    /// Points `memory` to that many bytes with arbitrary content: the `allocate_cbk` of libargon2.
    ///
    /// - Returns: `ARGON2_OK`, or `ARGON2_MEMORY_ALLOCATION_ERROR` when memory is exhausted.
    func allocate(_ memory: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, _ size: Int) -> Int32 {
        // Free a block of another size for the new one: parameters differ between stored hashes.
        let (kept, surplus) = state.withLock { state in
            let kept = state.spare.lastIndex { $0.size == size }.map { state.spare.remove(at: $0) }
            state.count(size, by: 1)
            return (kept, state.removeSurplus())
        }
        for block in surplus { Self.unmap(block) }
        if let kept {
            unsafe memory?.pointee = UnsafeMutablePointer(bitPattern: kept.address)
            return ARGON2_OK.rawValue
        }
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let new = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), unsafe new != MAP_FAILED else {
            state.withLock { $0.count(size, by: -1) }
            return ARGON2_MEMORY_ALLOCATION_ERROR.rawValue
        }
        unsafe memory?.pointee = new.assumingMemoryBound(to: UInt8.self)
        return ARGON2_OK.rawValue
    }

    /// Takes back memory from `allocate`, which libargon2 has overwritten: its `free_cbk`.
    func free(_ memory: UnsafeMutablePointer<UInt8>?, _ size: Int) {
        guard let memory = unsafe memory else { return }
        let block = Block(address: UInt(bitPattern: memory), size: size)
        let surplus = state.withLock { state in
            state.count(size, by: -1)
            state.spare.append(block)
            return state.removeSurplus()
        }
        for block in surplus { Self.unmap(block) }
    }

    private static func unmap(_ block: Block) {
        unsafe munmap(UnsafeMutableRawPointer(bitPattern: block.address), block.size)
    }
}
