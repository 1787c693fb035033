import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Shared

/// Checks that the application behind the sign-in responds, and whether only nginx can reach it.
struct ApplicationReach: Sendable {
    let application: ApplicationSettings?
    /// Whether the application gets a signed assertion, with which it can detect requests that bypass nginx.
    let signsAssertions: Bool
    let timeout: Duration
    /// Whether this program runs in a container, so that it is not on the application's network.
    var isContainer = ServerReach.runsInContainer
    /// The addresses of this machine.
    var addresses = ServerReach.ownAddresses

    func findings() async -> [Finding] {
        guard let application else { return [] }
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: .init(redirectConfiguration: .disallow)
        )
        var findings: [Finding] = []
        for upstream in application.upstreams { findings.append(await inspect(at: upstream, client)) }
        try? await client.shutdown()
        return findings
    }

    private func inspect(at upstream: ApplicationSettings.Upstream, _ client: HTTPClient) async -> Finding {
        switch await probe(upstream.description, client) {
        case .ownAPI:
            return .fix(
                "APP_UPSTREAM",
                "\(upstream) is this system itself, not an application",
                "set APP_UPSTREAM to the application's own address"
            )
        case .noResponse where isContainer:
            return .ok("APP_UPSTREAM", "\(upstream) shares no network with this container; only nginx should reach it")
        case .noResponse:
            return .fix(
                "APP_UPSTREAM",
                "\(upstream) does not respond",
                "start the application, or correct APP_UPSTREAM"
            )
        case .otherProgram where isContainer:
            return .fix(
                "APP_UPSTREAM",
                "\(upstream) responds to this container: the application shares a network with more than nginx",
                "attach the application to the network `application` only"
            )
        case .otherProgram: return await exposure(of: upstream, client)
        }
    }

    /// Checks an application on this machine or in its network.
    private func exposure(of upstream: ApplicationSettings.Upstream, _ client: HTTPClient) async -> Finding {
        let advice =
            "let a firewall admit only nginx, or set APP_ASSERTION=on and verify the assertion in the application"
        guard upstream.isLoopback else {
            if signsAssertions { return .ok("APP_UPSTREAM", "\(upstream) responds, and receives a signed assertion") }
            return .note("APP_UPSTREAM", "\(upstream) responds: other machines on that network can reach it", advice)
        }
        for address in addresses where !ServerReach.isLocal(address) {
            let other = "\(address.isIPv4 ? address.description : "[\(address)]"):\(upstream.port)"
            guard case .noResponse = await probe(other, client) else {
                return .fix(
                    "APP_UPSTREAM",
                    "the application also responds at \(other), bypassing nginx and its sign-in",
                    "let the application listen on 127.0.0.1, or \(advice)"
                )
            }
        }
        return .ok("APP_UPSTREAM", "\(upstream) responds, on this machine only")
    }

    private enum ProbeResult {
        case noResponse, otherProgram
        /// The response of this system's API.
        case ownAPI
    }

    private func probe(_ authority: String, _ client: HTTPClient) async -> ProbeResult {
        var request = HTTPClientRequest(url: "http://\(authority)\(APIPath.me)")
        request.headers.add(name: "Connection", value: "close")
        let deadline = NIODeadline.now() + .nanoseconds(Int64(timeout / .nanoseconds(1)))
        do {
            let response = try await client.execute(request, deadline: deadline)
            guard response.status == .unauthorized,
                let body = try? await response.body.collect(upTo: 16_384),
                let problem = try? JSONDecoder().decode(Problem.self, from: Data(body.readableBytesView)),
                problem.code == .unauthenticated
            else { return .otherProgram }
            return .ownAPI
        } catch let error as HTTPClientError where error == .connectTimeout || error == .deadlineExceeded {
            return .noResponse
        } catch is HTTPClientError {
            // It listens, but its response is not HTTP.
            return .otherProgram
        } catch {
            return .noResponse
        }
    }
}
