import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Shared

@testable import WebFrontend

/// The running frontend in front of a stub API, and a simple browser.
struct TestSite: Sendable {
    /// A complete response.
    struct Page: Sendable {
        let status: Int
        private let headers: HTTPHeaders
        let body: String

        init(status: Int, headers: HTTPHeaders, body: String) {
            self.status = status
            self.headers = headers
            self.body = body
        }

        /// The first value of a header.
        subscript(_ name: String) -> String? { headers.first(name: name) }

        /// The cookies that the response sets.
        var cookies: [String] { headers["Set-Cookie"] }

        /// The target of a redirect.
        var location: String? { self["Location"] }
    }

    private let client: HTTPClient
    private let address: String

    /// Runs the frontend and the stub while the closure runs.
    static func with(
        _ api: StubAuthAPI = StubAuthAPI(),
        apiURL: String? = nil,
        publicURL: String = "http://localhost:8080",
        providers: Providers = [],
        registration: RegistrationSettings = RegistrationSettings(),
        look: SiteLook = SiteLook(),
        securityContact: SecurityContact? = nil,
        application: ApplicationSettings? = nil,
        deadlines: Deadlines = Deadlines(),
        logger: Logger = quiet,
        _ body: @Sendable (TestSite) async throws -> Void
    ) async throws {
        api.offer(providers)
        try await withClient { client in
            try await withServer(Application(responder: api.responder(), configuration: anyPort, logger: quiet)) {
                port in
                var settings = try settings(
                    apiURL: apiURL ?? "http://127.0.0.1:\(port)",
                    publicURL: publicURL
                )
                settings.registration = registration
                settings.look = look
                settings.securityContact = securityContact
                settings.application = application
                let site = try buildApplication(settings, client: client, logger: logger, deadlines: deadlines)
                try await withServer(site) { port in
                    try await body(TestSite(client: client, address: "http://127.0.0.1:\(port)"))
                }
            }
        }
    }

    /// The address of a port without a listener.
    static func abandonedAddress() async throws -> String {
        let ports = AsyncStream<Int>.makeStream()
        try await withServer(
            Application(responder: StubAuthAPI().responder(), configuration: anyPort, logger: quiet)
        ) { port in
            ports.continuation.yield(port)
        }
        var iterator = ports.stream.makeAsyncIterator()
        return "http://127.0.0.1:\(await iterator.next() ?? 1)"
    }

    /// Requests a page.
    func get(_ path: String, cookie: String? = nil, headers: [String: String] = [:]) async throws -> Page {
        try await send(.get, path, cookie: cookie, headers: headers)
    }

    /// Requests the headers of a page.
    func head(_ path: String) async throws -> Page {
        try await send(.head, path)
    }

    /// Sends a form like a browser.
    func post(
        _ path: String,
        _ form: KeyValuePairs<String, String> = [:],
        cookie: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Page {
        let text = form.map { "\($0.percentEncoded)=\($1.percentEncoded)" }.joined(separator: "&")
        return try await post(path, text: text, cookie: cookie, headers: headers)
    }

    /// Sends any text as a form.
    func post(_ path: String, text: String, cookie: String? = nil, headers: [String: String] = [:]) async throws -> Page
    {
        var headers = headers
        if headers["Content-Type"] == nil { headers["Content-Type"] = "application/x-www-form-urlencoded" }
        return try await send(.post, path, cookie: cookie, headers: headers, body: .bytes(ByteBuffer(string: text)))
    }

    /// Sends any request.
    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        cookie: String? = nil,
        headers: [String: String] = [:],
        body: HTTPClientRequest.Body? = nil
    ) async throws -> Page {
        var request = HTTPClientRequest(url: address + path)
        request.method = HTTPMethod(rawValue: method.rawValue)
        request.headers = HTTPHeaders(Array(headers))
        request.body = body
        if let cookie { request.headers.add(name: "Cookie", value: cookie) }
        let response = try await client.execute(request, timeout: .seconds(120))
        let bytes = try await response.body.collect(upTo: 1 << 20)
        return Page(status: Int(response.status.code), headers: response.headers, body: String(buffer: bytes))
    }

    private static let anyPort = ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0))

    private static var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    private static func settings(apiURL: String, publicURL: String) throws -> FrontendSettings {
        guard let apiURL = WebOrigin(apiURL) else { throw SettingsFaults(lines: ["apiURL"]) }
        let common = try TestSettings.common(["PUBLIC_URL": publicURL])
        let host = try SettingHost("127.0.0.1")
        return FrontendSettings(common: common, host: host, port: 0, apiURL: apiURL)
    }

    private static func withClient(_ body: (HTTPClient) async throws -> Void) async throws {
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: AuthAPITransport.clientConfiguration)
        do {
            try await body(client)
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    /// Runs a server on a free port while the closure runs.
    private static func withServer(
        _ application: some ApplicationProtocol,
        _ body: @Sendable (Int) async throws -> Void
    ) async throws {
        let ports = AsyncStream<Int>.makeStream()
        let listening = Listening(base: application) { ports.continuation.yield($0) }
        let group = ServiceGroup(configuration: .init(services: [listening], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.stream.makeAsyncIterator()
            guard let port = await iterator.next() else { return }
            do {
                try await body(port)
            } catch {
                await group.triggerGracefulShutdown()
                // Cancelling a server that has just accepted a connection would end the process.
                try? await tasks.waitForAll()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}

/// An application that reports its port once it listens.
private struct Listening<Base: ApplicationProtocol>: ApplicationProtocol {
    let base: Base
    let onPort: @Sendable (Int) -> Void

    var responder: Base.Responder { get async throws { try await base.responder } }
    var server: HTTPServerBuilder { base.server }
    var configuration: ApplicationConfiguration { base.configuration }
    var logger: Logger { base.logger }
    var services: [any Service] { base.services }

    func onServerRunning(_ channel: any Channel) async {
        if let port = channel.localAddress?.port { onPort(port) }
    }
}
