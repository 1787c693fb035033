import CArgon2
import Testing

@testable import AuthAPI

/// A4: The working memory of hashes neither grows nor is shared.
@Suite struct Argon2MemoryTests {
    private typealias Bytes = UnsafeMutablePointer<UInt8>

    private func block(of memory: Argon2Memory, _ size: Int) throws -> Bytes {
        var start: Bytes?
        #expect(unsafe memory.allocate(&start, size) == ARGON2_OK.rawValue)
        let found = try unsafe #require(start)
        unsafe found[0] = 1
        unsafe found[size - 1] = 1
        return unsafe found
    }

    @Test("A block is reused by the next hash of the same size, one at a time")
    func reuse() throws {
        let memory = Argon2Memory(limit: 3)
        let first = try unsafe block(of: memory, 65_536)
        let second = try unsafe block(of: memory, 65_536)
        #expect(unsafe first != second)
        unsafe memory.free(first, 65_536)
        let larger = try unsafe block(of: memory, 131_072)
        #expect(unsafe larger != first)
        let third = try unsafe block(of: memory, 65_536)
        #expect(unsafe third == first)
        for (start, size) in unsafe [(second, 65_536), (larger, 131_072), (third, 65_536)] {
            unsafe memory.free(start, size)
        }
        let kept = try unsafe block(of: memory, 131_072)
        #expect(unsafe kept == larger)
        unsafe memory.free(kept, 131_072)
    }

    @Test("W10: Hashes of many sizes leave at most one block per thread")
    func sizes() throws {
        let memory = Argon2Memory(limit: 1)
        for size in stride(from: 65_536, through: 1_048_576, by: 65_536) {
            let start = try unsafe block(of: memory, size)
            #expect(memory.count == 1)
            unsafe memory.free(start, size)
            #expect(memory.count == 1)
        }
        memory.keep(0)
        #expect(memory.count == 0)
    }

    @Test("W10: Large blocks are not kept beyond the memory of all hashes")
    func bytes() throws {
        let memory = Argon2Memory(limit: 3, bytes: 1_048_576)
        let first = try unsafe block(of: memory, 524_288)
        let second = try unsafe block(of: memory, 524_288)
        unsafe memory.free(first, 524_288)
        unsafe memory.free(second, 524_288)
        #expect(memory.count == 2)
        let third = try unsafe block(of: memory, 262_144)
        #expect(memory.count == 2)
        unsafe memory.free(third, 262_144)
    }

    @Test("A failed allocation is reported, and freeing a nil block has no effect")
    func rejection() {
        let memory = Argon2Memory(limit: 2)
        var start: Bytes?
        #expect(unsafe memory.allocate(&start, 1 << 62) == ARGON2_MEMORY_ALLOCATION_ERROR.rawValue)
        #expect(unsafe start == nil)
        unsafe memory.free(nil, 65_536)
    }
}
