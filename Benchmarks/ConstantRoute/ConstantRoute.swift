import Hummingbird
import Logging

/// What the HTTP server itself allows on this machine: one route, one constant, no middleware.
///
/// Takes the port as its argument and listens on 127.0.0.1 until SIGTERM.
@main
struct ConstantRoute {
    static func main() async throws {
        guard let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) else {
            fatalError("usage: ConstantRoute PORT")
        }
        let router = Router()
        router.get("/") { _, _ in "ok" }
        var logger = Logger(label: "ConstantRoute")
        logger.logLevel = .warning
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: logger
        )
        try await application.runService()
    }
}
