import Foundation
import Shared
import Testing

@testable import AuthAPI

/// A15: The document agrees with the code.
@Suite struct OpenAPIDocumentTests {
    private let document: OpenAPIDocument
    private let schemas: JSONValue

    init() throws {
        document = try OpenAPIDocument()
        schemas = try #require(document.root["components"]?["schemas"])
    }

    private func schema(_ name: String) throws -> JSONValue { try #require(schemas[name]) }

    private func violations(of value: some Encodable, against name: String) throws -> [String] {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        let value = try JSONValue(parsing: Array(encoder.encode(value)))
        return JSONSchemaValidator(document: document).violations(of: value, against: try schema(name))
    }

    /// A15: Exactly the paths of the contract.
    @Test func namesEveryPath() {
        let paths = [
            APIPath.register, APIPath.login, APIPath.logout, APIPath.me, APIPath.name, APIPath.data,
            APIPath.confirmation, APIPath.deletion,
            APIPath.password, APIPath.recover,
            APIPath.sessions, APIPath.session,
            "/api/auth/{provider}", "/api/auth/callback/{provider}", APIPath.providers, APIPath.pendingLink,
            APIPath.address,
            APIPath.identities, APIPath.identity,
            APIPath.accessCheck, APIPath.accessVerify, APIPath.keySet,
            APIPath.entry, PagePath.enter, APIPath.entered,
            APIPath.index, APIPath.openAPI, APIPath.docs, APIPath.health, APIPath.liveness, APIPath.readiness,
        ]
        #expect(Set(document.operations.map(\.path)) == Set(paths))
    }

    /// A15: The version in the document is the program's.
    @Test func hasTheVersionOfTheProgram() {
        #expect(document.root["openapi"]?.text?.hasPrefix("3.1.") == true)
        #expect(document.root["info"]?["version"]?.text == Version.current)
        #expect(document.root["info"]?["title"]?.text == "yoshikosan API")
        #expect(!OpenAPIDocument.text().contains("@VERSION@"))
        #expect(!OpenAPIDocument.text().contains("@NAME@"))
    }

    /// A15, A16: The lists of codes agree with the code in both directions, and each code has a description.
    @Test func listsEveryCode() throws {
        let codes = try schema("ErrorCode")
        #expect(codes["enum"]?.elements.compactMap(\.text) == APIErrorCode.allCases.map(\.rawValue))
        let fieldCodes = try schema("FieldErrorCode")
        #expect(fieldCodes["enum"]?.elements.compactMap(\.text) == FieldErrorCode.allCases.map(\.rawValue))
        for code in APIErrorCode.allCases {
            let words = codes["x-enum-descriptions"]?[code.rawValue]?.text ?? ""
            #expect(words.hasPrefix("\(code.status). "), "\(code)")
        }
        for code in FieldErrorCode.allCases {
            #expect(fieldCodes["x-enum-descriptions"]?[code.rawValue]?.text?.isEmpty == false, "\(code)")
        }
    }

    /// A11: The codes in the URL of a page.
    @Test func listsEveryFailureOfAFlow() throws {
        let failures = try schema("OAuthFailure")
        #expect(failures["enum"]?.elements.compactMap(\.text) == OAuthFailure.allCases.map(\.rawValue))
        for failure in OAuthFailure.allCases {
            #expect(failures["x-enum-descriptions"]?[failure.rawValue]?.text?.isEmpty == false, "\(failure)")
        }
        let kinds = try schema("ProviderKind")["enum"]?.elements.compactMap(\.text)
        #expect(kinds == ProviderKind.allCases.map(\.rawValue))
    }

    /// A16: Each problem is listed under the status of its code.
    @Test func problemsAreListedUnderTheirStatus() throws {
        var seen: Set<String> = []
        for operation in document.operations {
            for response in operation.value["responses"]?.members ?? [] {
                let content = document.resolve(response.value)["content"]?["application/problem+json"]
                for part in content?["schema"]?["allOf"]?.elements ?? [] {
                    guard let code = part["properties"]?["code"] else { continue }
                    for name in (code["enum"]?.elements ?? [code["const"] ?? .null]).compactMap(\.text) {
                        #expect(APIErrorCode(rawValue: name).map { "\($0.status)" } == response.name)
                        seen.insert(name)
                    }
                }
            }
        }
        // Not the response of an operation: with a wrong method there is none.
        #expect(seen.union(["method_not_allowed"]) == Set(APIErrorCode.allCases.map(\.rawValue)))
    }

    /// A15: Every operation has what readers and generators need.
    @Test func operationsAreComplete() {
        let operations = document.operations
        #expect(Set(operations.map(\.id)).count == operations.count)
        let tags = Set((document.root["tags"]?.elements ?? []).compactMap { $0["name"]?.text })
        for operation in operations {
            #expect(!operation.summary.isEmpty, "\(operation.id)")
            #expect(operation.value["description"]?.text?.isEmpty == false, "\(operation.id)")
            #expect(tags.contains(operation.tag), "\(operation.id)")
            #expect(operation.value["security"] != nil, "\(operation.id)")
            let statuses = Set((operation.value["responses"]?.members ?? []).map(\.name))
            if operation.method != "GET" { #expect(statuses.isSuperset(of: ["403", "500", "503"]), "\(operation.id)") }
            if operation.value["requestBody"] != nil {
                #expect(statuses.isSuperset(of: ["400", "408", "413", "415", "422"]), "\(operation.id)")
            }
            let needsSession =
                operation.value["security"]?.elements.isEmpty == false
                && operation.value["security"]?.elements.contains(.object([])) == false
            if needsSession { #expect(statuses.contains("401"), "\(operation.id)") }
            for response in operation.value["responses"]?.members ?? [] {
                let headers = document.resolve(response.value)["headers"]
                #expect(headers?["X-Request-ID"] != nil, "\(operation.id) \(response.name)")
            }
        }
    }

    /// A15: The limits are those of the rules.
    @Test func limitsMatchTheRules() throws {
        let register = try #require(try schema("RegisterRequest")["properties"])
        #expect(register["password"]?["minLength"]?.integer == PasswordRules.minimumLength)
        #expect(register["password"]?["maxLength"]?.integer == PasswordRules.maximumLength)
        #expect(register["name"]?["maxLength"]?.integer == DisplayName.maximumLength)
        #expect(register["email"]?["maxLength"]?.integer == EmailAddress.maximumLength)
        let change = try #require(try schema("ChangePasswordRequest")["properties"])
        #expect(change["new_password"]?["minLength"]?.integer == PasswordRules.minimumLength)
        #expect(change["new_password"]?["maxLength"]?.integer == PasswordRules.maximumLength)
        #expect(change["current_password"]?["maxLength"]?.integer == Password.maximumTypedLength)
        let requests = [
            "RegisterRequest", "LoginRequest", "AddressRequest", "ChangePasswordRequest", "DeleteAccountRequest",
        ]
        for name in requests {
            #expect(try schema(name)["additionalProperties"] == .bool(false))
        }
    }

    /// A15: The encoded messages match the schemas.
    @Test func messagesMatchTheirSchemas() throws {
        let id = "3f2c1e9a-7a4e-4f0c-9b55-2f1d7a0c8e41"
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let user = UserBody(id: id, email: "a@example.com", name: "A", avatarURL: nil)
        #expect(try violations(of: user, against: "User") == [])
        let withPicture = UserBody(id: id, email: "a@example.com", name: "A", avatarURL: "https://example.com/a.png")
        #expect(try violations(of: withPicture, against: "User") == [])
        let session = SessionBody(
            id: id,
            createdAt: now,
            expiresAt: now,
            current: true,
            userAgent: nil,
            ipAddress: "2001:db8::1"
        )
        #expect(try violations(of: SessionListBody(sessions: [session]), against: "SessionList") == [])
        for provider in OAuthProvider.mocked {
            let identities = [nil, "a@example.com"].map { email in
                IdentityBody(id: id, provider: provider, email: email, linkedAt: now)
            }
            let list = IdentityListBody(
                identities: identities,
                hasPassword: false,
                linkable: [ProviderTicketBody(provider: provider, ticket: String(repeating: "a", count: 86))]
            )
            #expect(try violations(of: list, against: "IdentityList") == [])
            let pending = PendingLinkBody(provider: provider, email: "a@example.com")
            #expect(try violations(of: pending, against: "PendingLink") == [])
            for text in [nil, "a@example.com"] {
                let waiting = PendingAddressBody(provider: provider, name: text, email: text)
                #expect(try violations(of: waiting, against: "PendingAddress") == [])
                let request = AddressRequest(email: "a@example.com", invite: text)
                #expect(try violations(of: request, against: "AddressRequest") == [])
            }
            let login = LoginRequest(email: "a@example.com", password: "x", connect: provider)
            #expect(try violations(of: login, against: "LoginRequest") == [])
        }
        #expect(try violations(of: EndedSessionsBody(ended: 0), against: "EndedSessions") == [])
        for state in [HealthBody.State.ok, .unavailable, .outdated] {
            let health = HealthBody(status: state, database: state, timestamp: now, version: Version.current)
            #expect(try violations(of: health, against: "Health") == [])
        }
        let live = HealthBody(status: .ok, database: nil, timestamp: now, version: Version.current)
        #expect(try violations(of: live, against: "Health") == [])
        for code in APIErrorCode.allCases {
            let fields = FieldErrorCode.allCases.map { FieldError(field: "name", code: $0, detail: "D") }
            let problem = Problem(APIError(code, fields: fields), requestID: "0123456789abcdef")
            #expect(try violations(of: problem, against: "Problem") == [])
        }
        let register = RegisterRequest(email: "a@example.com", password: "Plum-Blossom-2026", name: "A")
        #expect(try violations(of: register, against: "RegisterRequest") == [])
        #expect(try violations(of: LoginRequest(email: "a@example.com", password: "x"), against: "LoginRequest") == [])
        let providers = [ProviderTicketBody(provider: .google, ticket: String(repeating: "a", count: 86))]
        for until in [nil, now] {
            let body = ConfirmationBody(hasPassword: false, reauthenticatedUntil: until, providers: providers)
            #expect(try violations(of: body, against: "Confirmation") == [])
        }
        for current in [nil, "x"] {
            let deletion = DeleteAccountRequest(email: "a@example.com", password: current)
            #expect(try violations(of: deletion, against: "DeleteAccountRequest") == [])
            let change = ChangePasswordRequest(currentPassword: current, newPassword: "Plum-Blossom-2026")
            #expect(try violations(of: change, against: "ChangePasswordRequest") == [])
        }
    }

    /// A15: Every example matches its schema, and examples of requests satisfy the rules.
    @Test func examplesAreValid() throws {
        let validator = JSONSchemaValidator(document: document)
        var count = 0
        func check(_ media: JSONValue, _ place: String) {
            let schema = media["schema"] ?? .null
            var examples = [media["example"]].compactMap(\.self)
            examples += (media["examples"]?.members ?? []).compactMap { document.resolve($0.value)["value"] }
            for example in examples {
                count += 1
                #expect(validator.violations(of: example, against: schema) == [], "\(place)")
            }
        }
        for operation in document.operations {
            for response in operation.value["responses"]?.members ?? [] {
                for media in document.resolve(response.value)["content"]?.members ?? [] {
                    check(media.value, "\(operation.id) \(response.name)")
                }
            }
        }
        for response in document.root["components"]?["responses"]?.members ?? [] {
            for media in response.value["content"]?.members ?? [] { check(media.value, response.name) }
        }
        for schema in schemas.members {
            guard let example = schema.value["example"] else { continue }
            count += 1
            #expect(validator.violations(of: example, against: schema.value) == [], "\(schema.name)")
        }
        #expect(count > 40)
        let register = try #require(try schema("RegisterRequest")["example"])
        #expect(PasswordRules.violations(in: try #require(register["password"]?.text)).isEmpty)
        #expect(throws: Never.self) { try EmailAddress(register["email"]?.text ?? "") }
        #expect(throws: Never.self) { try DisplayName(register["name"]?.text ?? "") }
        #expect(try schema("LoginRequest")["example"]?["password"] == register["password"])
        #expect(try schema("LoginRequest")["example"]?["email"] == register["email"])
    }
}
