import NIOCore

/// Runs tasks on the event loop of a connection.
///
/// Without it, each request moves from the thread that reads it to one of Swift's pool and back for the response; each
/// thread switch costs more than most requests take. Code that runs here must never block, as on any event loop.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    /// Creates an executor for one connection; an event loop can have many.
    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
