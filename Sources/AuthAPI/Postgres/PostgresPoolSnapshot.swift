/// The state of a pool at one moment.
struct PostgresPoolSnapshot: Sendable, Equatable {
    /// The number of workers.
    let size: Int
    /// The workers that hold a connection.
    let connected: Int
    /// The connections opened since start.
    let connects: UInt64
    /// The workers that hold a connection and are at work.
    let busy: Int
    /// The jobs that wait.
    let waiting: Int
    /// The jobs refused because the queue was full, since start.
    let refused: UInt64
    /// The jobs that waited too long, since start.
    let expired: UInt64
    /// Whether the pool takes no more jobs.
    let isClosing: Bool
}
