import ArgumentParser
import Shared

/// Checks the settings without starting anything.
struct CheckConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Checks all settings; lists every invalid one and exits with status 78 if there is any."
    )

    func run() async throws {
        let settings = try APISettings.orExit()
        UnknownSettings.report()
        try StandardOutput.print("settings are valid; the site's address is \(settings.common.publicURL)")
        for line in settings.callbackLines { try StandardOutput.print(line) }
    }
}

extension APISettings {
    /// For each provider that is set up, the callback address that its application there must name exactly.
    var callbackLines: [String] {
        OAuthProvider.settable.compactMap { key in
            guard let provider = providers[key] else {
                return key.standardName.map { "sign-in through \($0) is off" }
            }
            let address = "\(common.publicURL)\(APIPath.oauthCallback(key))"
            return "sign-in through \(provider.name.en) is on; the callback address to register there: \(address)"
        }
    }
}
