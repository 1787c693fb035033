import ArgumentParser
import Foundation
import Testing

@testable import AuthAPI

#if canImport(Glibc)
    import Glibc
#endif

/// A4: Passwords are read without echo; questions require a terminal.
@Suite struct TerminalTests {
    private static let password = "Correct-Horse-7"

    /// Types a new password.
    private func newPassword(_ answers: String...) async throws -> (Result<String?, any Error>, seen: String) {
        let terminal = try TestTerminal()
        #expect(terminal.terminal.isInteractive && terminal.echoes)
        let (result, seen) = try await terminal.run(answering: answers) { try $0.newPassword() }
        // The terminal's echo is always restored.
        #expect(terminal.echoes)
        return (result, seen)
    }

    private func status(_ result: Result<String?, any Error>) -> Int32? {
        if case .failure(let error as ExitCode) = result { error.rawValue } else { nil }
    }

    @Test("A4: A password is asked for twice, without echo")
    func withoutEcho() async throws {
        let (result, seen) = try await newPassword("\(Self.password)\n", "\(Self.password)\r")
        #expect(try result.get() == Self.password)
        #expect(seen == "Password: \r\nRepeat password: \r\n")
    }

    @Test("A password that differs the second time is rejected")
    func differs() async throws {
        let (result, seen) = try await newPassword("\(Self.password)\n", "\(Self.password)!\n")
        #expect(status(result) == 64 && !seen.contains("Horse"))
    }

    @Test(
        "Editing keys delete whole characters",
        arguments: [
            "\(password)é\u{7F}\n", "\(password)愛\u{8}\n", "\(password)👩🏽\u{7F}\u{7F}\n", "wrong\u{15}\(password)\n",
            "\u{7F}\(password)\n", "\(password)\u{4}",
        ]
    )
    func editing(typed: String) async throws {
        #expect(try await newPassword(typed, "\(Self.password)\n").0.get() == Self.password)
    }

    @Test("Ctrl-C, Ctrl-\\ and Ctrl-Z end the command like SIGINT", arguments: ["\u{3}", "\u{1C}", "\u{1A}"])
    func interrupted(key: String) async throws {
        #expect(status(try await newPassword("Correct-\(key)").0) == 130)
    }

    @Test("SIGTERM, which cancels the command, ends the question for a password and restores the echo")
    func cancelled() async throws {
        let terminal = try TestTerminal()
        let command = Task.detached { try terminal.terminal.newPassword() }
        try await eventually("the password is asked for") { !terminal.echoes }
        command.cancel()
        await #expect(throws: CancellationError.self) { try await command.value }
        #expect(terminal.echoes)
    }

    @Test("A question reads one line, with echo")
    func ask() async throws {
        let terminal = try TestTerminal()
        let (result, seen) = try await terminal.run(answering: ["ada@example.com\n"]) { $0.ask("Sure: ") }
        #expect(try result.get() == "ada@example.com")
        #expect(seen == "Sure: ada@example.com\r\n")
        // Ctrl-D at the beginning of a line is the end of the input.
        #expect(try await terminal.run(answering: ["\u{4}"]) { $0.ask("Sure: ") }.result.get() == nil)
    }

    /// Runs `body` as a program whose input is a file with this text.
    private func piped<Value>(_ text: String, _ body: (Terminal) throws -> Value) throws -> Value {
        try piped(bytes: Array(text.utf8), body)
    }

    private func piped<Value>(bytes: [UInt8], _ body: (Terminal) throws -> Value) throws -> Value {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        write(ends[1], bytes, bytes.count)
        close(ends[1])
        let terminal = Terminal(input: ends[0], output: -1)
        #expect(!terminal.isInteractive)
        return try body(terminal)
    }

    @Test(
        "Without a terminal the password is the first line of the input",
        arguments: [
            "\(password)\n", password, "\(password)\r\n", "\(password)\nanother line\n",
            "\u{FEFF}\(password)\r\n",
        ]
    )
    func firstLine(text: String) throws {
        #expect(try piped(text) { try $0.newPassword() } == Self.password)
    }

    @Test("An input without a password is rejected", arguments: ["", "\n", "\r\n", "\n\(password)\n"])
    func noPassword(text: String) throws {
        let rejected = #expect(throws: ExitCode.self) { try piped(text) { try $0.newPassword() } }
        #expect(rejected?.rawValue == 64)
    }

    @Test("An input in another encoding is rejected", arguments: [[0xE9, 0x41], [0xFF, 0xFE, 0x41, 0]] as [[UInt8]])
    func encoding(bytes: [UInt8]) throws {
        let rejected = #expect(throws: ExitCode.self) { try piped(bytes: bytes) { try $0.newPassword() } }
        #expect(rejected?.rawValue == 64)
    }

    @Test("Only one line is read, up to a limit")
    func bounded() throws {
        try piped("first\nsecond\n") { terminal in
            #expect(terminal.ask("") == "first")
            #expect(terminal.ask("") == "second")
            #expect(terminal.ask("") == nil)
        }
        let long = String(repeating: "x", count: 10_000)
        #expect(try piped(long) { $0.ask("") }?.count == Terminal.maximumLength)
    }
}
