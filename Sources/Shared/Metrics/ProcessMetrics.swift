import Glibc
import FoundationEssentials

/// The metrics of the process, with the names that Prometheus' client libraries use.
public enum ProcessMetrics {
    /// Their descriptions.
    public static let descriptions = [
        MetricDescription("build_info", .gauge, "Always 1; the label is the version."),
        MetricDescription("process_start_time_seconds", .gauge, "Start time in seconds since the epoch."),
        MetricDescription("process_cpu_seconds_total", .counter, "CPU time used."),
        MetricDescription("process_resident_memory_bytes", .gauge, "Resident memory."),
        MetricDescription("process_open_fds", .gauge, "Open file descriptors."),
    ]

    /// Adds them to a registry.
    public static func register(in registry: PrometheusRegistry, program: String) {
        let start = Date.now.timeIntervalSince1970
        registry.collect {
            var samples = [
                MetricSample("build_info", [("program", program), ("version", Version.current)], 1),
                MetricSample("process_start_time_seconds", start),
            ]
            if let seconds = cpuSeconds { samples.append(MetricSample("process_cpu_seconds_total", seconds)) }
            if let bytes = residentBytes { samples.append(MetricSample("process_resident_memory_bytes", bytes)) }
            if let count = openFiles { samples.append(MetricSample("process_open_fds", Double(count))) }
            return samples
        }
    }

    private static var cpuSeconds: Double? {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }

    /// From `/proc/self/statm` (proc(5)), whose second number is in pages.
    private static var residentBytes: Double? {
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/self/statm")) else { return nil }
        let numbers = String(decoding: data, as: UTF8.self).split(separator: " ")
        guard numbers.count > 1, let pages = Double(numbers[1]) else { return nil }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static var openFiles: Int? {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count
    }
}

extension MetricSample {
    fileprivate init(_ name: String, _ value: Double) { self.init(name, [], value) }
}
