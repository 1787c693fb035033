import ArgumentParser
import Shared

extension ExitCode {
    /// The configuration must be changed.
    static let misconfigured = ExitCode(SettingsFaults.exitStatus)
}

extension SettingsFaults {
    /// Prints the faults.
    func reported() -> ExitCode {
        report()
        return .misconfigured
    }
}
