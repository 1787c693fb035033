import ArgumentParser

@main
struct WebFrontend: AsyncParsableCommand {
    func run() async throws {}
}
