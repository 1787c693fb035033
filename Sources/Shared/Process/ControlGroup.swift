/// A directory of a cgroup file system: a group of this process, or one of its ancestors (cgroups(7)).
struct ControlGroup {
    private let folder: String

    /// Every visible group whose limits apply to this process.
    ///
    /// - Parameter root: a directory to use instead of `/`, for tests; empty for `/`.
    /// - Returns: the groups, in no particular order.
    static func all(_ root: String) -> [ControlGroup] {
        let memberships = lines(of: "\(root)/proc/self/cgroup").compactMap(Membership.init)
        return lines(of: "\(root)/proc/self/mountinfo").compactMap(Mount.init).flatMap { mount in
            memberships.filter(mount.covers).flatMap { mount.folders(for: $0.path) }
        }.map { ControlGroup(folder: root + $0) }
    }

    /// The CPU quota, in processors; nil when there is none.
    var processors: Double? {
        if let numbers = first(of: "cpu.max")?.split(separator: " "), numbers.count == 2 {
            return Self.ratio(Double(numbers[0]), Double(numbers[1]))
        }
        return Self.ratio(
            first(of: "cpu.cfs_quota_us").flatMap { Double($0) },
            first(of: "cpu.cfs_period_us").flatMap { Double($0) }
        )
    }

    /// The memory limit in bytes; nil when there is none.
    var memory: Int? {
        ["memory.max", "memory.high", "memory.limit_in_bytes"].compactMap { name in
            // Version 1 has a number near the maximum for "no limit".
            first(of: name).flatMap { Int($0) }.flatMap { (1..<1 << 60).contains($0) ? $0 : nil }
        }.min()
    }

    private static func ratio(_ quota: Double?, _ period: Double?) -> Double? {
        guard let quota, let period, quota > 0, period > 0 else { return nil }
        return quota / period
    }

    private func first(of name: String) -> Substring? { Self.lines(of: "\(folder)/\(name)").first }

    /// The lines of a file; empty when it cannot be read.
    static func lines(of path: String) -> [Substring] {
        guard let bytes = try? BoundedFile.read(path, limit: 1 << 20) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}

/// A line of `/proc/self/cgroup`: `0::/path` for version 2, `4:cpu,cpuacct:/path` for version 1.
private struct Membership {
    let controllers: [Substring]
    let path: String

    init?(_ line: Substring) {
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        controllers = parts[1].split(separator: ",")
        path = String(parts[2])
    }
}

/// A line of `/proc/self/mountinfo` (proc(5)) about a cgroup file system.
private struct Mount {
    private let root: String
    private let point: String
    /// Nil for version 2, which has all controllers in one tree.
    private let controllers: [Substring]?

    init?(_ line: Substring) {
        let fields = line.split(separator: " ")
        guard let separator = fields.firstIndex(of: "-"), separator >= 6, fields.count > separator + 3 else {
            return nil
        }
        switch fields[separator + 1] {
        case "cgroup2": controllers = nil
        case "cgroup": controllers = fields[separator + 3].split(separator: ",")
        default: return nil
        }
        root = Self.decoded(fields[3])
        point = Self.decoded(fields[4])
    }

    /// Whether the membership belongs to this tree.
    func covers(_ membership: Membership) -> Bool {
        guard let controllers else { return membership.controllers.isEmpty }
        return membership.controllers.contains { controllers.contains($0) }
    }

    /// The directories of the group and its ancestors, as far as they are mounted.
    func folders(for path: String) -> [String] {
        var rest: Substring = ""
        if root == "/" {
            rest = path[...]
        } else if path.hasPrefix(root + "/") {
            rest = path.dropFirst(root.count)
        }
        // Of a group outside the process's namespace, only the mount point is visible.
        let names = rest.split(separator: "/")
        if names.contains("..") { return [point] }
        return (0...names.count).map { ([point] + names.prefix($0).map(String.init)).joined(separator: "/") }
    }

    /// Spaces and similar characters are encoded as a backslash and three octal digits.
    private static func decoded(_ text: Substring) -> String {
        var parts = text.split(separator: "\\", omittingEmptySubsequences: false)
        var bytes = Array(parts.removeFirst().utf8)
        for part in parts {
            if let code = UInt8(part.prefix(3), radix: 8) { bytes.append(code) }
            bytes += Array(part.dropFirst(3).utf8)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
