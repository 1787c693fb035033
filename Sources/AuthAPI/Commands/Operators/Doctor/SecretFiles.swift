import FoundationEssentials
import Shared

import Glibc

/// Checks the source, the file modes and the age of the secrets.
struct SecretFiles {
    /// An older key should be rotated.
    ///
    /// In days.
    static let ageToChange = 365
    /// The number of days after which no token signed with the previous key is valid.
    static let daysOfTokens = 7

    let reader: SettingsReader
    let isProduction: Bool
    var now: Date = .now

    func findings() -> [Finding] {
        var findings: [Finding] = []
        var ages: [SettingName: Int] = [:]
        for name in SettingName.allCases where name.isSecret {
            for number in name.numbers {
                var reader = reader
                reader.number = number
                guard let path = reader.file(of: name) else {
                    if reader.isInEnvironment(name), isProduction { findings.append(Self.note(reader.variable(name))) }
                    continue
                }
                guard let facts = FileFacts(path) else { continue }
                ages[name] = facts.age(at: now)
                findings.append(judge(name, reader.variable(name), facts, path: path))
            }
        }
        if let age = ages[.secretKey], reader.isSet(.secretKeyPrevious), age > Self.daysOfTokens {
            findings.append(
                .note(
                    "secrets",
                    "SECRET_KEY_PREVIOUS is still set, \(age) days after the key was changed",
                    "after `AuthAPI secret rotate` it is no longer needed; remove it"
                )
            )
        }
        return findings
    }

    private static func note(_ variable: String) -> Finding {
        .note(
            "secrets",
            "\(variable) is in the environment, so its age is unknown",
            "prefer a file that only the service can read: \(variable)_FILE"
        )
    }

    private func judge(_ name: SettingName, _ variable: String, _ facts: FileFacts, path: String) -> Finding {
        let age = facts.age(at: now)
        let mode = String(facts.mode, radix: 8)
        if facts.mode & 0o007 != 0 {
            return .fix("secrets", "every user of this machine can read \(path) (mode \(mode))", "chmod 0400 \(path)")
        }
        if facts.mode & 0o020 != 0 {
            return .fix("secrets", "its group can change \(path) (mode \(mode))", "chmod 0400 \(path)")
        }
        if name == .secretKey, age > Self.ageToChange {
            return .note(
                "secrets",
                "SECRET_KEY is \(age) days old",
                "rotate it: set the old key as SECRET_KEY_PREVIOUS and a new SECRET_KEY, then run AuthAPI secret rotate"
            )
        }
        return .ok("secrets", "\(variable): long, random, mode \(mode), \(Operator.count(age, "day")) old")
    }
}

/// The properties of a file.
private struct FileFacts {
    /// The mode bits.
    let mode: mode_t
    private let changed: Date

    /// Reads the properties of the file at a path, following links; nil when there is none.
    init?(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        mode = status.st_mode & 0o777
        changed = Date(timeIntervalSince1970: TimeInterval(status.st_mtim.tv_sec))
    }

    /// Whole days since the last modification.
    func age(at now: Date) -> Int { max(0, Int(now.timeIntervalSince(changed) / 86_400)) }
}
