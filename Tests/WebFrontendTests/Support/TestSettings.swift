import Configuration
import Shared

@testable import WebFrontend

/// Settings, as if from the environment.
enum TestSettings {
    /// A reader of the given variables only.
    static func reader(_ variables: [String: String]) -> SettingsReader {
        SettingsReader(ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: variables)))
    }

    /// The settings of both programs.
    static func common(_ variables: [String: String]) throws -> CommonSettings {
        var reader = reader(variables)
        let settings = CommonSettings(from: &reader)
        try reader.throwIfInvalid()
        return settings
    }

    /// All settings of the frontend.
    static func all(_ variables: [String: String]) throws(SettingsFaults) -> FrontendSettings {
        var reader = reader(variables)
        return try FrontendSettings(from: &reader)
    }
}
