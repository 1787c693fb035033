/// The state of a pool at one moment.
package struct PostgresPoolSnapshot: Sendable, Equatable {
    /// The number of workers.
    package let size: Int
    /// The workers that hold a connection.
    package let connected: Int
    /// The connections opened since start.
    package let connects: UInt64
    /// The workers that hold a connection and are at work.
    package let busy: Int
    /// The jobs that wait.
    package let waiting: Int
    /// The jobs refused because the queue was full, since start.
    package let refused: UInt64
    /// The jobs that waited too long, since start.
    package let expired: UInt64
    /// Whether the pool takes no more jobs.
    package let isClosing: Bool
}
