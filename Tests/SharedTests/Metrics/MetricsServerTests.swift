import AsyncHTTPClient
import CoreMetrics
import Glibc
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Testing

@testable import Shared

/// E8: The metrics over HTTP, on a separate port.
@Suite struct MetricsServerTests {
    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` with the address of a server on a free port, and stops the server.
    private func with(
        _ registry: PrometheusRegistry,
        onRunning: @escaping @Sendable (any Channel) async -> Void = { _ in },
        _ body: @Sendable (String) async throws -> Void
    ) async throws {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let server = MetricsServer(registry, host: "127.0.0.1", port: 0).application(logger: Self.silent) { channel in
            await onRunning(channel)
            continuation.yield(channel.localAddress?.port ?? 0)
            continuation.finish()
        }
        let group = ServiceGroup(configuration: .init(services: [.init(service: server)], logger: Self.silent))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await group.run()
            }
            let port = try #require(await ports.first { _ in true })
            let result: Result<Void, any Error>
            do { result = .success(try await body("http://127.0.0.1:\(port)")) } catch { result = .failure(error) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try result.get()
        }
    }

    private func response(_ method: String, _ url: String) async throws -> (status: Int, type: String?, text: String) {
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method)
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        let body = try await response.body.collect(upTo: 1 << 20)
        return (Int(response.status.code), response.headers.first(name: "Content-Type"), String(buffer: body))
    }

    @Test("E8 The response has the current numbers in Prometheus' text format 0.0.4")
    func served() async throws {
        let registry = PrometheusRegistry([MetricDescription("jobs_total", .counter, "Jobs.")])
        try await with(registry) { address in
            let jobs = Counter(label: "jobs_total", dimensions: [], factory: registry)
            for count in 1...2 {
                jobs.increment()
                let response = try await response("GET", address + MetricsServer.path)
                #expect(response.status == 200 && response.type?.hasPrefix("text/plain; version=0.0.4") == true)
                #expect(response.text == "# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total \(count)\n")
            }
        }
    }

    @Test("Without file descriptors the server pauses, and then continues")
    func shortage() async throws {
        let (states, continuation) = AsyncStream<Bool>.makeStream()
        let fails: @Sendable (any Channel) async -> Void = { channel in
            let isReading = try? await channel.eventLoop.submit {
                channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
                return try channel.syncOptions?.getOption(.autoRead)
            }.get()
            continuation.yield(isReading == false)
        }
        try await with(PrometheusRegistry([]), onRunning: fails) { address in
            let hasPaused = await states.first { _ in true }
            #expect(hasPaused == true)
            let response = try await response("GET", address + MetricsServer.path)
            #expect(response.status == 200)
        }
    }

    @Test("C5 The health check requests a real server: only 200 is healthy")
    func healthCheck() async throws {
        try await with(PrometheusRegistry([])) { address in
            // A busy machine is not a fault of the server.
            let timeout = Duration.seconds(60)
            let healthy = await HealthCheck.fault(at: address + MetricsServer.path, within: timeout)
            #expect(healthy == nil)
            let missing = await HealthCheck.fault(at: address + "/health", within: timeout)
            #expect(missing == "\(address)/health returned 404")
            let unreachable = await HealthCheck.fault(at: "http://127.0.0.1:1/health")
            #expect(unreachable == "http://127.0.0.1:1/health did not respond")
        }
    }

    @Test("E8 The port has no other path, and accepts no other method")
    func nothingElse() async throws {
        try await with(PrometheusRegistry([])) { address in
            for (method, path) in [("GET", "/"), ("GET", "/health"), ("GET", "/metrics/x"), ("POST", "/metrics")] {
                let response = try await response(method, address + path)
                #expect(response.status == 404, "\(method) \(path)")
            }
        }
    }
}
