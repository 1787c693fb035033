import Foundation

@testable import AuthAPI

#if canImport(Glibc)
    import Glibc
#endif

/// A terminal with a simulated user, who reads the output and types answers.
final class TestTerminal: Sendable {
    /// The program's end.
    let terminal: Terminal
    private let controller: Int32

    init() throws {
        controller = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var number: UInt32 = 0
        var locked: Int32 = 0
        // TIOCSPTLCK and TIOCGPTN of ioctl_tty(2), macros that Swift does not import.
        guard controller >= 0, ioctl(controller, 0x4004_5431, &locked) == 0,
            ioctl(controller, 0x8004_5430, &number) == 0
        else {
            throw TestCommand.Failure(description: "there is no pseudoterminal")
        }
        let program = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        terminal = Terminal(input: program, output: program)
    }

    deinit {
        close(controller)
        close(terminal.input)
    }

    /// Whether the terminal shows what is typed.
    var echoes: Bool {
        var settings = termios()
        return tcgetattr(terminal.input, &settings) == 0 && settings.c_lflag & tcflag_t(ECHO) != 0
    }

    /// Runs `body` as the program, answers each question, and returns its result and the whole output.
    func run(
        answering answers: [String],
        _ body: @escaping @Sendable (Terminal) throws -> String?
    ) async throws -> (result: Result<String?, any Error>, seen: String) {
        async let seen = TestCommand.onThread { try answers.map { try self.answer(with: $0) }.joined() }
        let result: Result<String?, any Error>
        do {
            result = .success(try await TestCommand.onThread { try body(self.terminal) })
        } catch { result = .failure(error) }
        return (result, try await seen + shown())
    }

    /// Waits for a question, and types the answer.
    private func answer(with text: String) throws -> String {
        var seen = ""
        while !seen.hasSuffix(": ") {
            guard let more = read(within: 60_000) else {
                throw TestCommand.Failure(description: "no question came: \(seen)")
            }
            seen += more
        }
        let bytes = Array(text.utf8)
        write(controller, bytes, bytes.count)
        return seen
    }

    /// The further output so far.
    private func shown() -> String {
        var seen = ""
        while let more = read(within: 0) { seen += more }
        return seen
    }

    private func read(within milliseconds: Int32) -> String? {
        var ready = pollfd(fd: controller, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, milliseconds) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(controller, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
