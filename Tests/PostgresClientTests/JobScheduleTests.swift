import Testing

@testable import PostgresClient

/// D6, W14: The schedule alone, without threads and with the test's clock.
@Suite struct JobScheduleTests {
    private typealias Schedule = JobSchedule<String>

    private static func job(
        _ name: String,
        _ kind: Schedule.Kind = .reads,
        until seconds: UInt64 = 100
    ) -> Schedule.Waiting {
        Schedule.Waiting(
            id: UInt64(name.utf8.reduce(0) { $0 * 256 + Int($1) }),
            kind: kind,
            waitsUntil: at(seconds),
            job: name
        )
    }

    private static func at(_ seconds: UInt64) -> Deadline { Deadline(nanoseconds: seconds * 1_000_000_000) }

    private static let sessions = Schedule.Kind.shares(ObjectIdentifier(Int.self))
    private static let others = Schedule.Kind.shares(ObjectIdentifier(String.self))

    /// The jobs of the next run; nil when the worker sleeps or ends.
    private func next(_ schedule: inout Schedule, _ worker: Int = 0) -> [String]? {
        guard case .run(let run, _) = schedule.take(for: worker) else { return nil }
        return run.jobs
    }

    @Test("Jobs run in order, one at a time")
    func order() {
        var schedule = Schedule(workers: 2, limit: 8)
        for name in ["a", "b", "c"] { #expect(schedule.push(Self.job(name)) == .waits(wake: nil)) }
        #expect((0..<3).map { _ in next(&schedule) } == [["a"], ["b"], ["c"]])
        #expect(next(&schedule) == nil && schedule.sleeps(0))
    }

    @Test("An idle worker is woken for a job that may run: the one that stopped last")
    func waking() {
        var schedule = Schedule(workers: 3, limit: 8)
        for worker in 0..<3 { _ = schedule.take(for: worker) }
        #expect(schedule.push(Self.job("a")) == .waits(wake: 2))
        #expect(!schedule.sleeps(2) && schedule.sleeps(1))
        #expect(next(&schedule, 2) == ["a"])
        #expect(schedule.push(Self.job("b", .writes)) == .waits(wake: 1))
        #expect(next(&schedule, 1) == ["b"])
        // A second write would leave no worker for reads.
        #expect(schedule.push(Self.job("c", .writes)) == .waits(wake: 0))
        #expect(next(&schedule, 0) == ["c"])
        #expect(schedule.push(Self.job("d", .writes)) == .waits(wake: nil))
        schedule.ended(.reads)
        #expect(next(&schedule, 2) == nil)
        #expect(schedule.wake() == nil)
        schedule.ended(.writes)
        #expect(schedule.wake() == 2)
    }

    @Test("No worker is woken for a job that another woken worker will run")
    func noNeedlessWaking() {
        var schedule = Schedule(workers: 4, limit: 8)
        for worker in 0..<4 { _ = schedule.take(for: worker) }
        #expect(schedule.push(Self.job("a", Self.sessions)) == .waits(wake: 3))
        #expect(schedule.push(Self.job("b", Self.sessions)) == .waits(wake: nil))
        #expect(schedule.push(Self.job("c")) == .waits(wake: 2))
        #expect(next(&schedule, 3) == ["a", "b"])
        #expect(schedule.push(Self.job("d", Self.sessions)) == .waits(wake: 1))
        // Each of the two gets its job, or the other's.
        #expect(next(&schedule, 1) == ["c"])
        #expect(next(&schedule, 2) == ["d"])
        #expect(schedule.sleeps(0))
    }

    @Test("One worker is reserved for reads, in any order of jobs")
    func writersLeaveAWorker() {
        var schedule = Schedule(workers: 2, limit: 8)
        for name in ["a", "b"] { _ = schedule.push(Self.job(name, .writes)) }
        _ = schedule.push(Self.job("c"))
        #expect(next(&schedule, 0) == ["a"])
        #expect(next(&schedule, 1) == ["c"])
        schedule.ended(.reads)
        #expect(next(&schedule, 1) == nil)
        schedule.ended(.writes)
        #expect(next(&schedule, 0) == ["b"])
    }

    @Test("Waiting lookups share a run, also across other jobs; later ones do not join it")
    func sharing() {
        var schedule = Schedule(workers: 4, limit: 8)
        let jobs = [
            ("a", Self.sessions), ("x", .writes), ("b", Self.sessions), ("y", Self.others), ("c", Self.sessions),
        ]
        for (name, kind) in jobs { _ = schedule.push(Self.job(name, kind)) }
        #expect(next(&schedule) == ["a", "b", "c"])
        _ = schedule.push(Self.job("d", Self.sessions))
        #expect(next(&schedule) == ["x"])
        #expect(next(&schedule) == ["y"])
        // Two shared runs are in progress: new jobs wait until one of them ends.
        _ = schedule.push(Self.job("e", Self.sessions))
        #expect(next(&schedule, 3) == nil)
        schedule.ended(Self.sessions)
        #expect(schedule.wake() == 3)
        #expect(next(&schedule, 3) == ["d", "e"])
    }

    @Test("A write never shares a run")
    func writesStandAlone() {
        var schedule = Schedule(workers: 9, limit: 40)
        for index in 0..<4 {
            _ = schedule.push(Self.job("w\(index)", .writes))
            _ = schedule.push(Self.job("q\(index)", Self.sessions))
        }
        var runs: [[String]] = []
        while let run = next(&schedule) { runs.append(run) }
        #expect(runs == [["w0"], ["q0", "q1", "q2", "q3"], ["w1"], ["w2"], ["w3"]])
    }

    @Test("The size of a shared run is bounded")
    func mostTogether() {
        var schedule = Schedule(workers: 4, limit: 1000)
        for index in 0..<Schedule.mostTogether + 3 { _ = schedule.push(Self.job("q\(index)", Self.sessions)) }
        #expect(next(&schedule)?.count == Schedule.mostTogether)
        #expect(next(&schedule)?.count == 3)
    }

    @Test("The queue is bounded, with a lower limit for writes")
    func limits() {
        var schedule = Schedule(workers: 1, limit: 4)
        for name in ["a", "b", "c"] { _ = schedule.push(Self.job(name, .writes)) }
        #expect(schedule.push(Self.job("d", .writes)) == .full)
        #expect(schedule.push(Self.job("e")) == .waits(wake: nil))
        #expect(schedule.push(Self.job("f", Self.sessions)) == .full)
    }

    @Test("Jobs that waited too long are removed, and not earlier")
    func expiry() {
        var schedule = Schedule(workers: 1, limit: 8)
        #expect(schedule.nextExpiry == .never)
        for (name, until) in [("a", 5), ("b", 3), ("c", 9)] as [(String, UInt64)] {
            _ = schedule.push(Self.job(name, until: until))
        }
        #expect(schedule.nextExpiry == Self.at(3))
        #expect(schedule.expire(at: Self.at(2)).isEmpty)
        #expect(schedule.expire(at: Self.at(5)) == ["a", "b"])
        #expect(schedule.nextExpiry == Self.at(9))
        #expect(next(&schedule) == ["c"])
    }

    @Test("A waiting job can be cancelled once")
    func cancelling() {
        var schedule = Schedule(workers: 1, limit: 8)
        let job = Self.job("a")
        _ = schedule.push(job)
        #expect(schedule.cancel(job.id) == "a")
        #expect(schedule.cancel(job.id) == nil)
        #expect(next(&schedule) == nil)
    }

    @Test("Jobs that are put back run first")
    func requeuing() {
        var schedule = Schedule(workers: 2, limit: 8)
        _ = schedule.push(Self.job("a", .writes))
        _ = schedule.push(Self.job("b"))
        #expect(next(&schedule) == ["a"])
        schedule.requeue([Self.job("a", .writes)])
        schedule.ended(.writes)
        #expect(next(&schedule) == ["a"])
    }

    @Test("W11: After closing, waiting jobs run until the time is over; then all workers end")
    func closing() {
        var schedule = Schedule(workers: 2, limit: 8)
        _ = schedule.take(for: 1)
        for name in ["a", "b"] { _ = schedule.push(Self.job(name, until: 1000)) }
        schedule.close(drainingUntil: Self.at(10))
        #expect(!schedule.sleeps(1) && !schedule.isDone)
        #expect(schedule.push(Self.job("c")) == .closed)
        #expect(next(&schedule) == ["a"])
        #expect(schedule.nextExpiry == Self.at(10))
        #expect(schedule.expire(at: Self.at(9)).isEmpty)
        #expect(schedule.expire(at: Self.at(10)) == ["b"])
        #expect(!schedule.isDone)
        schedule.ended(.reads)
        #expect(schedule.isDone)
        guard case .end = schedule.take(for: 0) else {
            Issue.record("the worker is to end")
            return
        }
    }
}
