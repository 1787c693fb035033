import Glibc

/// A point in time on the monotonic clock, in nanoseconds; cheap to read and to compare.
package struct Deadline: Sendable, Comparable {
    /// Nanoseconds since the machine started.
    package let nanoseconds: UInt64

    /// No deadline.
    package static let never = Deadline(nanoseconds: .max)

    /// The current time.
    package static var now: Deadline {
        var time = Glibc.timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Deadline(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// The time `duration` from now; nil means no deadline.
    package func adding(_ duration: Duration?) -> Deadline {
        guard let duration, self != .never else { return .never }
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0, seconds < 1_000_000_000 else { return seconds < 0 ? self : .never }
        return Deadline(
            nanoseconds: nanoseconds + UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds) / 1_000_000_000
        )
    }

    /// The timeout for `poll`: whole milliseconds from now, rounded up; 0 when past; -1 for no deadline.
    var pollMilliseconds: Int32 {
        guard self != .never else { return -1 }
        let now = Deadline.now
        guard now < self else { return 0 }
        return Int32(clamping: (nanoseconds - now.nanoseconds + 999_999) / 1_000_000)
    }

    /// The time for `pthread_cond_timedwait`, on the monotonic clock.
    var timespec: timespec {
        var time = Glibc.timespec()
        let bounded = min(nanoseconds, UInt64(Int64.max))
        time.tv_sec = Int(bounded / 1_000_000_000)
        time.tv_nsec = Int(bounded % 1_000_000_000)
        return time
    }

    package static func < (left: Deadline, right: Deadline) -> Bool { left.nanoseconds < right.nanoseconds }
}
