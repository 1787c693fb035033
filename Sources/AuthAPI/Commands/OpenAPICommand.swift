import ArgumentParser
import Shared

/// Prints the OpenAPI document.
struct OpenAPICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "openapi", abstract: "Prints the OpenAPI document.")

    func run() async throws {
        try StandardOutput.print(OpenAPIDocument.text())
    }
}
