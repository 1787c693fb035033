import Foundation
import Shared
import Testing

@testable import AuthAPI

/// E2, E3: the settings of OpenID providers.
@Suite struct OpenIDSettingsTests {
    private static let complete = [
        "OIDC_ISSUER": "https://login.example/realms/a", "OIDC_CLIENT_ID": "site", "OIDC_CLIENT_SECRET": "s3cret",
    ]

    private func settings(_ environment: [String: String]) throws -> ProviderList {
        try TestAPI.settings(environment, databaseURL: "postgresql://u@h/d").providers
    }

    private func faults(_ changes: [String: String]) -> [String] {
        do {
            _ = try settings(Self.complete.merging(changes) { $1 })
            return []
        } catch let faults as SettingsFaults {
            return faults.lines
        } catch {
            return ["\(error)"]
        }
    }

    @Test("Issuer, ID and secret are sufficient")
    func complete() throws {
        let provider = try #require(try settings(Self.complete)[.oidc])
        #expect(provider.kind == .oidc && provider.issuer == "https://login.example/realms/a")
        #expect(provider.name == ProviderName("login.example"))
        #expect(provider.openID.scope == "openid profile email")
        #expect(!provider.openID.trustsEmail && provider.openID.authentication == nil)
        #expect(provider.openID.internalOrigin == nil && provider.openID.authorities == nil)
    }

    @Test("Each setting is read")
    func everything() throws {
        let provider = try #require(
            try settings(
                Self.complete.merging([
                    "OIDC_NAME": "会社のアカウント", "OIDC_SCOPES": "openid  email", "OIDC_TRUST_EMAIL": "true",
                    "OIDC_INTERNAL_URL": "http://keycloak:8080", "OIDC_CLIENT_AUTH": "post",
                ]) { $1 }
            )[.oidc]
        )
        #expect(provider.name[.japanese] == "会社のアカウント" && provider.name[.english] == "会社のアカウント")
        #expect(provider.openID.scope == "openid email" && provider.openID.trustsEmail)
        #expect(provider.openID.internalOrigin?.description == "http://keycloak:8080")
        #expect(provider.openID.authentication == .post)
    }

    @Test("The same settings with a number describe further providers; one is complete without the others")
    func numbers() throws {
        var environment = Self.complete
        for number in 2...9 {
            environment["OIDC_\(number)_ISSUER"] = "https://login.example/realms/\(number)"
            environment["OIDC_\(number)_CLIENT_ID"] = "site"
            environment["OIDC_\(number)_CLIENT_SECRET"] = "s3cret"
        }
        #expect(try settings(environment).all.map(\.key) == OAuthProvider.openID)
        #expect(try settings(environment).all.last?.issuer == "https://login.example/realms/9")
        let ninth = try settings(environment.filter { $0.key.hasPrefix("OIDC_9_") })
        #expect(ninth.all.map(\.key.rawValue) == ["oidc_9"])
    }

    @Test("If only some of the three are set, each missing setting is named, with its number")
    func halves() {
        #expect(
            faults(["OIDC_CLIENT_SECRET": ""]).map { $0.prefix { $0 != "," } } == [
                "OIDC_CLIENT_SECRET: is required with OIDC_ISSUER; without all three"
            ]
        )
        let lines = faults(["OIDC_3_CLIENT_ID": "x"])
        #expect(lines.map { $0.prefix { $0 != ":" } } == ["OIDC_3_ISSUER", "OIDC_3_CLIENT_SECRET"])
        #expect(lines.allSatisfy { $0.contains("is required with OIDC_3_CLIENT_ID") })
    }

    @Test("The secret of a numbered provider may come from a file")
    func secretFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data("from-a-file\n".utf8).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        let environment = [
            "OIDC_2_ISSUER": "https://login.example", "OIDC_2_CLIENT_ID": "x", "OIDC_2_CLIENT_SECRET_FILE": path.path(),
        ]
        #expect(try settings(environment).all.map(\.clientSecret.value) == ["from-a-file"])
        #expect(faults(["OIDC_CLIENT_SECRET": "", "OIDC_CLIENT_SECRET_FILE": "/nonexistent"]).count == 1)
    }

    @Test(
        "Microsoft's addresses for all tenants are rejected with the fix",
        arguments: [
            "https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/organizations/v2.0",
            "https://login.microsoftonline.com/consumers/v2.0", "https://LOGIN.microsoftonline.com/Common/v2.0/",
            "https://login.microsoftonline.us/common/v2.0", "https://login.microsoftonline.com:443/common",
        ]
    )
    func microsoft(issuer: String) {
        let lines = faults(["OIDC_ISSUER": issuer])
        #expect(lines.count == 1 && lines[0].hasPrefix("OIDC_ISSUER:"))
        #expect(lines[0].hasSuffix("https://login.microsoftonline.com/TENANT-ID/v2.0"))
    }

    @Test("One tenant of Microsoft is an issuer like others")
    func tenant() {
        let id = "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"
        #expect(faults(["OIDC_ISSUER": id]).isEmpty)
        #expect(faults(["OIDC_ISSUER": "https://login.example/common"]).isEmpty)
    }

    @Test("A template is not accepted as an issuer", arguments: ["{tenantid}", "{tenant", "%7Btenantid%7D}"])
    func template(tenant: String) {
        let lines = faults(["OIDC_ISSUER": "https://login.microsoftonline.com/\(tenant)/v2.0"])
        #expect(lines.count == 1 && lines[0].hasPrefix("OIDC_ISSUER: is a template"))
    }

    @Test(
        "An unusable setting is rejected by name",
        arguments: [
            ("OIDC_ISSUER", "http://login.example"), ("OIDC_ISSUER", "login.example"),
            ("OIDC_ISSUER", "https://login.example/?a"), ("OIDC_ISSUER", "https://a@login.example"),
            ("OIDC_CLIENT_ID", "a b"), ("OIDC_CLIENT_SECRET", "sécret"), ("OIDC_CLIENT_AUTH", "none"),
            ("OIDC_CLIENT_AUTH", "client_secret_jwt"), ("OIDC_SCOPES", "email profile"),
            ("OIDC_SCOPES", "openid \"x\""),
            ("OIDC_SCOPES", "openid é"), ("OIDC_TRUST_EMAIL", "perhaps"), ("OIDC_NAME", "a\u{202E}b"),
            ("OIDC_NAME", String(repeating: "a", count: 41)), ("OIDC_CA_FILE", "/nonexistent"),
            ("OIDC_CA_FILE", "/etc/hostname"), ("OIDC_CA_FILE", "/dev/zero"),
            ("OIDC_INTERNAL_URL", "http://login.example"), ("OIDC_INTERNAL_URL", "http://8.8.8.8:8080"),
            ("OIDC_INTERNAL_URL", "http://keycloak:8080/realms/a"), ("OIDC_INTERNAL_URL", "keycloak:8080"),
            ("OIDC_INTERNAL_URL", "ftp://keycloak"), ("OIDC_INTERNAL_URL", "http://a@keycloak"),
            ("OIDC_INTERNAL_URL", "http://keycloak?a=b"), ("OIDC_INTERNAL_URL", "http://login.example."),
        ]
    )
    func unusable(name: String, value: String) {
        let lines = faults([name: value])
        #expect(lines.map { $0.prefix { $0 != ":" } } == [name[...]])
    }

    @Test(
        "OIDC_INTERNAL_URL may use http in a private network",
        arguments: [
            "http://keycloak:8080", "http://127.0.0.1:8080/", "http://10.0.0.5", "http://192.168.1.2:80",
            "http://login.internal", "http://[fd00::1]:8080", "https://login.example", "https://keycloak",
        ]
    )
    func internalURL(value: String) { #expect(faults(["OIDC_INTERNAL_URL": value]).isEmpty) }

    @Test("check-config prints the callback address of each provider")
    func callbacks() throws {
        let environment = Self.complete.merging(["PUBLIC_URL": "https://yoshikosan.example"]) { $1 }
        let lines = try TestAPI.settings(environment, databaseURL: "postgresql://u@h/d").callbackLines
        #expect(lines.count == 5)
        #expect(lines.last?.hasSuffix(": https://yoshikosan.example/api/auth/callback/oidc") == true)
    }
}
