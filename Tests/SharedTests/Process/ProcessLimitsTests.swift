import Foundation
import Testing

@testable import Shared

/// W10: The limits of containers, service managers and machines.
@Suite struct ProcessLimitsTests {
    private static let version2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
    private static let megabytes = 1 << 20

    /// Reads the limits of a machine with eight processors and 64 GiB that has these files.
    private func limits(_ files: [String: String], processors: Int = 8) throws -> ProcessLimits {
        let root = FileManager.default.temporaryDirectory.appending(path: "limits-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, content) in files.merging(
            ["proc/meminfo": "MemTotal:       67108864 kB\n"],
            uniquingKeysWith: { given, _ in given }
        ) {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(content.utf8).write(to: file)
        }
        return ProcessLimits.read(root: root.path(percentEncoded: false), allowedProcessors: processors)
    }

    @Test("W10: Without readable control groups, the machine is the limit")
    func machine() throws {
        let free = ProcessLimits(processors: 8, memory: 65_536 * Self.megabytes)
        #expect(try limits([:]) == free)
        #expect(try limits(["proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": Self.version2]) == free)
        #expect(try limits(["proc/self/cgroup": "nonsense", "proc/self/mountinfo": "nonsense\n\n- cgroup2"]) == free)
        let odd = ["cpu.max": "0 0", "memory.max": "-1"].reduce(into: [:]) { $0["sys/fs/cgroup/\($1.key)"] = $1.value }
        let tree = ["proc/self/cgroup": "0::/\n", "proc/self/mountinfo": Self.version2]
        #expect(try limits(tree.merging(odd) { $1 }) == free)
        #expect(ProcessLimits.read(root: "/nonexistent", allowedProcessors: 0) == .init(processors: 1, memory: nil))
    }

    @Test("W10: Version 2 in a container: quota and memory of its own root")
    func version2Container() throws {
        let found = try limits([
            "proc/self/cgroup": "0::/\n", "proc/self/mountinfo": Self.version2,
            "sys/fs/cgroup/cpu.max": "150000 100000\n", "sys/fs/cgroup/memory.max": "268435456\n",
            "sys/fs/cgroup/memory.high": "max\n",
        ])
        #expect(found == ProcessLimits(processors: 1.5, memory: 256 * Self.megabytes))
        #expect(found.processorCount == 2)
    }

    @Test("W10: Of nested groups, the smallest limit of each kind applies, at any level")
    func nested() throws {
        let found = try limits([
            "proc/self/cgroup": "0::/system.slice/site.service\n", "proc/self/mountinfo": Self.version2,
            "sys/fs/cgroup/system.slice/cpu.max": "200000 100000\n",
            "sys/fs/cgroup/system.slice/memory.max": "max\n",
            "sys/fs/cgroup/system.slice/site.service/cpu.max": "max 100000\n",
            "sys/fs/cgroup/system.slice/site.service/memory.max": "1073741824\n",
            "sys/fs/cgroup/system.slice/site.service/memory.high": "805306368\n",
        ])
        #expect(found == ProcessLimits(processors: 2, memory: 768 * Self.megabytes))
    }

    @Test("W10: Version 1, with a separate tree for each controller, mounted from inside or outside the container")
    func version1() throws {
        let mounts = """
            40 33 0:35 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro master:12 - cgroup cgroup rw,cpu,cpuacct
            41 33 0:36 / /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,memory
            42 33 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw

            """
        let found = try limits([
            "proc/self/cgroup":
                "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n0::/docker/abc\n",
            "proc/self/mountinfo": mounts,
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": "536870912\n",
        ])
        #expect(found == ProcessLimits(processors: 0.5, memory: 512 * Self.megabytes))
        #expect(found.processorCount == 1)
    }

    @Test("W10: A version 1 group without quota, a group outside the namespace, a mount point with a space")
    func oddities() throws {
        let unlimited = try limits([
            "proc/self/cgroup": "4:cpu:/x\n", "proc/self/mountinfo": "40 33 0:35 / /cg/cpu ro - cgroup cgroup rw,cpu\n",
            "cg/cpu/x/cpu.cfs_quota_us": "-1\n", "cg/cpu/x/cpu.cfs_period_us": "100000\n",
        ])
        #expect(unlimited.processors == 8)
        let outside = try limits([
            "proc/self/cgroup": "0::/../../other\n",
            "proc/self/mountinfo": "30 23 0:26 / /sys/fs/the\\040cgroup rw - cgroup2 cgroup2 rw\n",
            "sys/fs/the cgroup/memory.max": "134217728\n",
        ])
        #expect(outside.memory == 128 * Self.megabytes)
    }

    @Test("W10: A cpuset and a small machine limit like a quota")
    func cpuset() throws {
        let found = try limits(
            [
                "proc/self/cgroup": "0::/\n", "proc/self/mountinfo": Self.version2,
                "sys/fs/cgroup/cpu.max": "600000 100000\n", "proc/meminfo": "MemTotal:  1048576 kB\n",
                "sys/fs/cgroup/memory.max": "4294967296\n",
            ],
            processors: 2
        )
        #expect(found == ProcessLimits(processors: 2, memory: 1024 * Self.megabytes))
    }

    @Test("W10: There is an event loop for each processor, but not more threads than a container may have")
    func eventLoops() {
        for (processors, count) in [(0.5, 1), (1.5, 2), (8, 8), (64, 64), (256, 64)] as [(Double, Int)] {
            #expect(EventLoops.count(within: ProcessLimits(processors: processors, memory: nil)) == count)
        }
    }

    @Test("W10: The limits of this machine can be read")
    func here() throws {
        #expect(ProcessLimits.current.processors > 0)
        #expect(try #require(ProcessLimits.current.memory) > 0)
    }
}
