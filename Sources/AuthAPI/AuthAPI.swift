import ArgumentParser

@main
struct AuthAPI: AsyncParsableCommand {
    func run() async throws {}
}
