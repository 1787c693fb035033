import Foundation
import Hummingbird

let port = Int(ProcessInfo.processInfo.environment["PORT"] ?? "") ?? 4000

let router = Router()
router.get("/") { request, _ in
    func header(_ name: String) -> String? {
        request.headers.first { $0.name.canonicalName == name }?.value
    }
    guard let user = header("remote-user"), !user.isEmpty else { throw HTTPError(.unauthorized) }
    let name = header("remote-name")?.removingPercentEncoding ?? ""
    return "\(user) \(name)\n"
}

let application = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)))
try await application.runService()
