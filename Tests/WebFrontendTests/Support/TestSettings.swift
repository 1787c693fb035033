import Configuration
import Shared

@testable import WebFrontend

/// Settings as if they had come from the environment.
enum TestSettings {
    /// A reader of the given variables and no others.
    static func reader(_ variables: [String: String]) -> SettingsReader {
        SettingsReader(ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: variables)))
    }

    /// The settings that both programs read.
    static func common(_ variables: [String: String]) throws -> CommonSettings {
        var reader = reader(variables)
        let settings = CommonSettings(from: &reader)
        try reader.finish()
        return settings
    }

    /// All settings of the frontend.
    static func all(_ variables: [String: String]) throws(SettingsFaults) -> FrontendSettings {
        var reader = reader(variables)
        return try FrontendSettings(from: &reader)
    }
}
