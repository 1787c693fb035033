/// The state of a pool at one point in time.
package struct PostgresPoolSnapshot: Sendable, Equatable {
    /// The number of workers.
    package let size: Int
    /// The workers that have a connection.
    package let connected: Int
    /// The connections opened since start.
    package let connects: UInt64
    /// The workers that have a connection and run a job.
    package let busy: Int
    /// The waiting jobs.
    package let waiting: Int
    /// The jobs rejected since start because the queue was full.
    package let rejected: UInt64
    /// The jobs that waited too long since start.
    package let expired: UInt64
    /// Whether the pool is closed.
    package let isClosing: Bool
}
