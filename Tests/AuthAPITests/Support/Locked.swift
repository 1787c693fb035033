import Synchronization

/// A value that several threads may use.
final class Locked<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { mutex = Mutex(value) }

    /// A copy of the value.
    var value: Value { mutex.withLock { $0 } }

    /// Changes the value.
    func update(_ body: (inout Value) -> Void) {
        mutex.withLock { (value: inout sending Value) in
            var copy = value
            body(&copy)
            value = copy
        }
    }
}
