import NIOCore

/// Runs Swift's tasks on the event loop of a connection.
///
/// Without it each request goes from the thread that reads it to one of Swift's pool and back again to be answered; every
/// change of thread costs more than most requests take. What runs here must never block, as on any event loop.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    /// An executor for one connection, of which there may be many to an event loop.
    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
