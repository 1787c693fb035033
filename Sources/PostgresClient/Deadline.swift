import Glibc

/// A moment on the monotonic clock, in nanoseconds; cheap to take and to compare.
package struct Deadline: Sendable, Comparable {
    /// Nanoseconds since the machine started.
    package let nanoseconds: UInt64

    /// The moment that never comes.
    package static let never = Deadline(nanoseconds: .max)

    /// This moment.
    package static var now: Deadline {
        var time = Glibc.timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Deadline(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// The moment that comes `duration` after this one; nil means never.
    package func adding(_ duration: Duration?) -> Deadline {
        guard let duration, self != .never else { return .never }
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0, seconds < 1_000_000_000 else { return seconds < 0 ? self : .never }
        return Deadline(
            nanoseconds: nanoseconds + UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds) / 1_000_000_000
        )
    }

    /// What `poll` wants: whole milliseconds from now, rounded up; 0 when past; -1 for never.
    var pollMilliseconds: Int32 {
        guard self != .never else { return -1 }
        let now = Deadline.now
        guard now < self else { return 0 }
        return Int32(clamping: (nanoseconds - now.nanoseconds + 999_999) / 1_000_000)
    }

    /// What `pthread_cond_timedwait` wants, on the monotonic clock.
    var timespec: timespec {
        var time = Glibc.timespec()
        let bounded = min(nanoseconds, UInt64(Int64.max))
        time.tv_sec = Int(bounded / 1_000_000_000)
        time.tv_nsec = Int(bounded % 1_000_000_000)
        return time
    }

    package static func < (left: Deadline, right: Deadline) -> Bool { left.nanoseconds < right.nanoseconds }
}
