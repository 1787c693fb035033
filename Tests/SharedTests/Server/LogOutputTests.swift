import Foundation
import Testing

@testable import Shared

/// E5: Log lines reach their reader, and a blocked reader does not block the program.
@Suite struct LogOutputTests {
    /// A pipe that is read only on request.
    private final class Reader: Sendable {
        let output: LogOutput
        private let handle: FileHandle

        init() throws {
            let pipe = Pipe()
            output = LogOutput(pipe.fileHandleForWriting.fileDescriptor)
            handle = pipe.fileHandleForReading
            // Both ends stay open for the lifetime of the output's thread, which is that of the process.
            _ = Unmanaged.passRetained(pipe)
        }

        /// Lines up to and including the first for which `isLast` is true.
        func lines(until isLast: (String) -> Bool) -> [String] {
            var text = "", lines: [String] = []
            while true {
                text += String(decoding: handle.availableData, as: UTF8.self)
                while let end = text.firstIndex(of: "\n") {
                    lines.append(String(text[..<end]))
                    text = String(text[text.index(after: end)...])
                    if lines.last.map(isLast) == true { return lines }
                }
            }
        }
    }

    private func bytes(_ text: String) -> [UInt8] { Array("\(text)\n".utf8) }

    @Test("Lines of many writers arrive complete, and those of one writer in order")
    func concurrency() async throws {
        let reader = try Reader()
        await withTaskGroup { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<500 { reader.output.append(self.bytes("\(writer) \(number)")) }
                }
            }
        }
        reader.output.append(bytes("end"))
        let lines = reader.lines { $0 == "end" }.dropLast()
        #expect(lines.count == 4000)
        for writer in 0..<8 {
            #expect(lines.filter { $0.hasPrefix("\(writer) ") } == (0..<500).map { "\(writer) \($0)" })
        }
    }

    @Test("D6: While the reader is blocked, lines are buffered up to a limit, and the dropped ones are counted")
    func stuck() throws {
        let reader = try Reader()
        reader.output.reportDropped { self.bytes("dropped \($0)") }
        let line = bytes(String(repeating: "x", count: 999))
        let sent = 3 * LogOutput.limit / line.count
        for _ in 0..<sent { reader.output.append(line) }
        // The pipe itself holds 64 KiB, and one write may be in progress; if it begins late, there are two reports.
        var (kept, dropped) = (0, 0)
        _ = reader.lines { line in
            if line.hasPrefix("dropped ") { dropped += Int(line.dropFirst("dropped ".count)) ?? 0 } else { kept += 1 }
            return kept + dropped >= sent
        }
        #expect(kept + dropped == sent)
        #expect(dropped >= sent / 4)
    }

    @Test("At the end of the process, waiting lines are written, unless the reader is blocked")
    func end() throws {
        let reader = try Reader()
        for number in 0..<10 { reader.output.append(bytes("\(number)")) }
        reader.output.flush(timeout: 10_000)
        #expect(reader.lines { $0 == "9" }.count == 10)
        let line = bytes(String(repeating: "x", count: 999))
        for _ in 0..<500 { reader.output.append(line) }
        // Returns, although half of it does not fit into the pipe.
        reader.output.flush(timeout: 1)
    }
}
