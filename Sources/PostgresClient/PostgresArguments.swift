/// Calls `body` with the number of values, the values, their lengths and their formats, which is binary for all.
func withArguments(
    _ places: [(offset: Int, length: Int)],
    _ bytes: [UInt8],
    _ body: (
        Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
    ) -> Int32
) -> Int32 {
    let count = places.count
    return unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
        unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
            unsafe bytes.withUnsafeBytes { buffer in
                for (index, place) in places.enumerated() {
                    let start = unsafe buffer.baseAddress?.advanced(by: place.offset)
                    unsafe values[index] = place.length < 0 ? nil : start?.assumingMemoryBound(to: CChar.self)
                    unsafe numbers[index] = Int32(clamping: max(place.length, 0))
                    unsafe numbers[count + index] = 1
                }
                let lengths = unsafe UnsafePointer(numbers.baseAddress)
                return unsafe body(
                    Int32(count),
                    UnsafePointer(values.baseAddress),
                    lengths,
                    lengths?.advanced(by: count)
                )
            }
        }
    }
}

extension StaticString {
    /// Calls `body` with the text as a C string.
    func withCString<Value>(_ body: (UnsafePointer<CChar>) -> Value) -> Value {
        unsafe utf8Start.withMemoryRebound(to: CChar.self, capacity: utf8CodeUnitCount + 1) { unsafe body($0) }
    }
}
