import Testing

@testable import Shared

/// The text of `systemctl status`; Tests/Outside/test_service_notification.py receives the messages.
@Suite struct ServiceNotificationTests {
    @Test("A status is one line, so that it cannot set another variable")
    func oneLine() {
        #expect(ServiceNotification.line("a\nREADY=1\r\u{0}b") == "a READY=1  b")
    }

    @Test("A long status is truncated")
    func truncated() {
        #expect(ServiceNotification.line(String(repeating: "a", count: 10_000)).utf8.count == 500)
        // A character that the limit splits is replaced.
        #expect(ServiceNotification.line("a" + String(repeating: "é", count: 1_000)).utf8.count <= 502)
    }

    @Test("Without a socket, or with one that does not exist, nothing happens")
    func nowhere() {
        let sockets = [nil, "", "@", "/", "relative", "vsock:2:1", "/nonexistent/socket", "@nobody", "/a\u{0}b"]
        for socket in sockets {
            ServiceNotification(socket: socket).ready()
        }
        ServiceNotification(socket: "/" + String(repeating: "a", count: 200)).ready()
        ServiceNotification(socket: "@" + String(repeating: "a", count: 200)).ready()
    }
}
