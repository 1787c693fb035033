import HTTPTypes
import Shared
import Testing

@testable import AuthAPI

/// Validates real responses of the API by the OpenAPI document (A15).
struct OpenAPIValidator: Sendable {
    /// The validator of this version's document.
    static let shared = Result { try OpenAPIValidator(document: OpenAPIDocument()) }

    let document: OpenAPIDocument

    /// Served paths that are not part of the API.
    static let undocumentedPaths: Set<String> = [OpenAPIRoutes.stylesheetPath, OpenAPIRoutes.scriptPath]

    /// Method and path of every operation: `GET /api/auth/me`.
    var operations: Set<String> { Set(document.operations.map { "\($0.method) \($0.path)" }) }

    /// Records an issue for every violation of the document in a response.
    static func check(
        _ method: HTTPRequest.Method,
        _ path: String,
        status: HTTPResponse.Status,
        headers: HTTPFields,
        body: some Sequence<UInt8>,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do {
            let validator = try shared.get()
            let found = validator.violations(
                method: method,
                path: path,
                status: status.code,
                headers: headers,
                body: Array(body)
            )
            for violation in found { Issue.record("\(violation)", sourceLocation: sourceLocation) }
        } catch {
            Issue.record(error, "The OpenAPI document cannot be read.", sourceLocation: sourceLocation)
        }
    }

    /// The violations of a response.
    func violations(
        method: HTTPRequest.Method,
        path: String,
        status: Int,
        headers: HTTPFields,
        body: [UInt8]
    ) -> [String] {
        let path = String(path.prefix { $0 != "?" })
        guard !Self.undocumentedPaths.contains(path) else { return [] }
        if method == .options, headers[.accessControlAllowMethods] != nil {
            return status == 204 && body.isEmpty ? [] : ["A CORS preflight gets a bare 204."]
        }
        let operations = operations(at: path)
        // A response to HEAD is that to GET without its body (RFC 9110, section 9.3.2).
        let name = method == .head ? "GET" : method.rawValue
        let found: [String]
        if let operation = operations.first(where: { $0.method == name }) {
            guard let response = operation.value["responses"]?["\(status)"] else {
                return ["\(operation.method) \(operation.path) does not document \(status)."]
            }
            found = violations(against: response, status: status, headers: headers, body: method == .head ? nil : body)
        } else {
            found = violations(
                withoutOperation: method,
                isKnown: !operations.isEmpty,
                status: status,
                headers: headers,
                body: body
            )
        }
        return found.map { "\(method) \(path) \(status): \($0)" }
    }

    /// The operations of the path; a literal path takes precedence over one with parameters.
    private func operations(at path: String) -> [OpenAPIOperation] {
        let all = document.operations
        let exact = all.filter { $0.path == path }
        guard exact.isEmpty else { return exact }
        let requested = path.split(separator: "/", omittingEmptySubsequences: false)
        return all.filter { operation in
            let segments = operation.path.split(separator: "/", omittingEmptySubsequences: false)
            return segments.count == requested.count
                && zip(segments, requested).allSatisfy { segment, requested in
                    // There are few provider keys, and other words in their place are unknown paths.
                    segment == "{provider}"
                        ? OAuthProvider.settable.contains { $0.rawValue == requested }
                        : segment == requested || (segment.hasPrefix("{") && !requested.isEmpty)
                }
        }
    }

    /// An unknown path, or an unknown method of a known one, has one response, except for cross-site requests.
    private func violations(
        withoutOperation method: HTTPRequest.Method,
        isKnown: Bool,
        status: Int,
        headers: HTTPFields,
        body: [UInt8]
    ) -> [String] {
        let isUnsafe = ![.get, .head, .options].contains(method)
        let name = isUnsafe && status == 403 ? "CrossSite" : isKnown ? "MethodNotAllowed" : "NotFound"
        guard let response = document.root["components"]?["responses"]?[name] else {
            return ["The document has no response \(name)."]
        }
        return violations(against: response, status: status, headers: headers, body: method == .head ? nil : body)
    }

    private func violations(
        against response: JSONValue,
        status: Int,
        headers: HTTPFields,
        body: [UInt8]?
    ) -> [String] {
        let response = document.resolve(response)
        var found = (response["headers"]?.members ?? []).flatMap { violations(of: $0, in: headers) }
        let contents = response["content"]?.members ?? []
        guard !contents.isEmpty else {
            return found + (body?.isEmpty ?? true ? [] : ["There should be no body."])
        }
        let mediaType = headers[.contentType]?.prefix { $0 != ";" }.lowercased() ?? "none"
        guard let content = contents.first(where: { $0.name == mediaType }) else {
            return found + ["Content type \(mediaType) is not documented."]
        }
        guard let body else { return found }
        guard mediaType.hasSuffix("json") else {
            return found + (body.isEmpty ? ["The body is empty."] : [])
        }
        guard let value = try? JSONValue(parsing: body) else { return found + ["The body is not JSON."] }
        let schemas = JSONSchemaValidator(document: document)
        found += schemas.violations(of: value, against: content.value["schema"] ?? .null)
        if mediaType == "application/problem+json" {
            if value["status"]?.integer != status { found.append("The body names another status.") }
            if let id = value["request_id"]?.text, id != headers[.requestID] {
                found.append("The body names another request.")
            }
        }
        return found
    }

    private func violations(of header: JSONValue.Member, in headers: HTTPFields) -> [String] {
        let rule = document.resolve(header.value)
        guard let name = HTTPField.Name(header.name) else { return ["\(header.name) is no header name."] }
        let values = headers[values: name]
        if values.isEmpty { return rule["required"]?.bool == true ? ["Header \(header.name) is missing."] : [] }
        let schema = rule["schema"] ?? .null
        return values.flatMap { text in
            let value = schema["type"]?.text == "integer" ? Double(text).map(JSONValue.number) : nil
            return JSONSchemaValidator(document: document)
                .violations(of: value ?? .string(text), against: schema, at: header.name)
        }
    }
}
