/// The application behind the sign-in, as all programs read it; `docker/nginx/render` keeps the same rules.
public struct ApplicationSettings: Sendable {
    /// A server of the application.
    public struct Upstream: Sendable, Hashable, CustomStringConvertible {
        /// The host, without a port.
        public let host: SettingHost
        /// The port.
        public let port: Int

        /// The server as it stands in a URL.
        public var description: String { "\(host.authority):\(port)" }
    }

    /// The most bytes of `APP_PATH`.
    private static let maximumPathLength = 200

    /// Where the application listens.
    public let upstreams: [Upstream]
    /// What its addresses begin with: `/`, or a path that ends in `/`.
    public let path: String
    /// Its first page.
    public let home: ReturnPath

    /// Reads `APP_UPSTREAM` and `APP_PATH`; nil when there is no application.
    ///
    /// Faults are left in the reader.
    ///
    /// - Parameters:
    ///   - reader: where the settings come from.
    ///   - publicURL: the address of this system, which cannot be its own application.
    ///   - ports: the ports on which this system's servers listen on this machine.
    public init?(from reader: inout SettingsReader, publicURL: WebOrigin, ports: [Int]) {
        let path = Self.path(from: &reader)
        let texts = reader.hosts(.appUpstream) ?? []
        let upstreams = texts.compactMap { text -> Upstream? in
            guard let upstream = Upstream(text) else {
                let reason = "which is not an address like http://app:3000: a host, a port, no path"
                reader.fault(.appUpstream, "holds \(reader.quoted(text)), \(reason)")
                return nil
            }
            guard !upstream.isOwn(publicURL: publicURL, ports: ports) else {
                let reason = "which is this system itself; name the application's own address"
                reader.fault(.appUpstream, "holds \(reader.quoted(text)), \(reason)")
                return nil
            }
            return upstream
        }
        guard let path, let home = ReturnPath(path), !upstreams.isEmpty else { return nil }
        self.upstreams = upstreams
        self.path = path
        self.home = home
    }

    /// `APP_PATH` with a slash at its end; nil and a fault when it is no path or one that stays with this system.
    private static func path(from reader: inout SettingsReader) -> String? {
        let text = reader.text(.appPath, default: "/")
        let path = text.hasSuffix("/") ? text : text + "/"
        guard path.utf8.count <= maximumPathLength, isPlain(path) else {
            let reason = "which is neither / nor a path like /app/ of letters, digits and . _ ~ -"
            reader.fault(.appPath, "is \(reader.quoted(text)), \(reason)")
            return nil
        }
        guard !ReservedPaths.contain(path) else {
            reader.fault(.appPath, "is \(reader.quoted(text)), which belongs to the sign-in; choose another path")
            return nil
        }
        return path
    }

    /// Whether a path has one spelling: segments of unreserved characters (RFC 3986, section 2.3) between single slashes.
    private static func isPlain(_ path: String) -> Bool {
        guard path.utf8.first == UInt8(ascii: "/") else { return false }
        if path.isExactly("/") { return true }
        return path.utf8.dropFirst().dropLast().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy { segment in
                !segment.isEmpty && !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
                    && segment.allSatisfy { $0.isASCIIAlphanumeric || "._~-".utf8.contains($0) }
            }
    }
}

/// The addresses that stay with the pages and the API where the root of the site is the application's.
///
/// `docker/nginx/render` has the same list, and routes-beside-application.conf the locations.
enum ReservedPaths {
    private static let segments: [String] = [
        "api", "login", "register", "recover", "account", "logout", "language", "signed-in", "assets", "docs",
        "openapi.json",
        "health", "metrics", "nginx-health", "error.css", "error.html", "error.problem", ".well-known", "application",
    ]

    /// Whether a path begins with a segment that stays with this system.
    static func contain(_ path: String) -> Bool {
        let first = path.utf8.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        return segments.contains { $0.utf8.elementsEqual(first.map(\.asciiLowercased)) }
    }
}

extension ApplicationSettings.Upstream {
    /// Reads `http://host:port`; nil for anything else.
    fileprivate init?(_ text: String) {
        guard text.begins(with: "http://") else { return nil }
        var authority = Substring(text.dropFirst("http://".count))
        if authority.hasSuffix("/") { authority.removeLast() }
        var port = 80
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            let digits = authority[authority.index(after: colon)...]
            guard (1...5).contains(digits.utf8.count), digits.utf8.first != UInt8(ascii: "0"),
                digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
                (1...65_535).contains(number)
            else { return nil }
            port = number
            authority = authority[..<colon]
        }
        // An IPv6 address has brackets in a URL.
        guard !authority.contains(":") || authority.hasPrefix("["), let host = try? SettingHost(String(authority))
        else {
            return nil
        }
        self.host = host
        self.port = port
    }

    /// Whether the server is one of this system's own: the public address, a port of this machine, or a service of
    /// compose.yml.
    fileprivate func isOwn(publicURL: WebOrigin, ports: [Int]) -> Bool {
        let usual = publicURL.isSecure ? 443 : 80
        if publicURL.authority == description || (port == usual && publicURL.authority == host.authority) {
            return true
        }
        switch host.description {
        case "nginx": return true
        case "backend": return port == 8000
        case "frontend": return port == 3000
        default: return isLoopback && ports.contains(port)
        }
    }

    /// Whether the host is this machine by one of its own names.
    public var isLoopback: Bool {
        let name = host.description
        return ["localhost", "0.0.0.0", "::1", "::"].contains(name) || name.hasPrefix("127.")
            || name.hasSuffix(".localhost")
    }
}
