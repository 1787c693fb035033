/// The settings of the application behind the sign-in; `docker/nginx/render` has the same rules.
public struct ApplicationSettings: Sendable {
    /// A server of the application.
    public struct Upstream: Sendable, Hashable, CustomStringConvertible {
        /// The host, without a port.
        public let host: SettingHost
        /// The port.
        public let port: Int

        /// The server as in a URL.
        public var description: String { "\(host.authority):\(port)" }
    }

    /// The maximum length of `APP_PATH` in bytes.
    private static let maximumPathLength = 200

    /// The addresses of the application.
    public let upstreams: [Upstream]
    /// The prefix of its paths: `/`, or a path that ends in `/`.
    public let path: String
    /// Its origin if it has a separate host; nil when it is on the host of the pages.
    public let url: WebOrigin?
    /// The page of this site that leads to its first page.
    public let home: ReturnPath

    /// Reads `APP_UPSTREAM`, `APP_PATH` and `APP_URL`; nil when there is no application.
    ///
    /// Faults are left in the reader.
    ///
    /// - Parameters:
    ///   - reader: the source of the settings.
    ///   - publicURL: the URL of this system, which cannot be its own application.
    ///   - ports: the ports of this system's servers on this machine.
    public init?(from reader: inout SettingsReader, publicURL: WebOrigin, ports: [Int]) {
        let path = Self.path(from: &reader)
        let url = Self.url(from: &reader, publicURL: publicURL)
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
        if texts.isEmpty, reader.isSet(.appURL), !reader.hasFault(.appURL) {
            reader.fault(
                .appURL,
                "requires \(SettingName.appUpstream.rawValue), the address of the application's server"
            )
        }
        guard let path, let home = ReturnPath(url == nil ? path : PagePath.enter), !upstreams.isEmpty else {
            return nil
        }
        self.upstreams = upstreams
        self.path = path
        self.url = url
        self.home = home
    }

    /// `APP_URL`; nil when it is unset, and nil and a fault when it is not the origin of another host.
    ///
    /// Accepts only a name in plain spelling, which nginx compares with the host of a request, and never an IP address.
    /// The scheme must be that of this site, because browsers do not share a session between http and https.
    private static func url(from reader: inout SettingsReader, publicURL: WebOrigin) -> WebOrigin? {
        guard let text = reader.text(.appURL) else { return nil }
        let ends = ["", "/", publicURL.isSecure ? ":443" : ":80", publicURL.isSecure ? ":443/" : ":80/"]
        guard let url = WebOrigin(text), url.host.isPlainName,
            ends.contains(where: { text.lowercased().isExactly(url.description + $0) })
        else {
            let reason = "which is not an address like https://wiki.example.com: a scheme, a host name, no path"
            reader.fault(.appURL, "is \(reader.quoted(text)), \(reason)")
            return nil
        }
        guard !url.host.isExactly(publicURL.host) else {
            reader.fault(.appURL, "is \(reader.quoted(text)), which has the host of PUBLIC_URL; use APP_PATH instead")
            return nil
        }
        guard url.isSecure == publicURL.isSecure else {
            reader.fault(.appURL, "is \(reader.quoted(text)), but PUBLIC_URL begins with \(publicURL.scheme)://")
            return nil
        }
        return url
    }

    /// `APP_PATH` with a slash at the end; nil and a fault when it is not a path, or one that this system uses.
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

    /// Whether a path is canonical: segments of unreserved characters (RFC 3986, section 2.3) between single slashes.
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

/// The paths of the pages and the API when the application has the root of the site.
///
/// `docker/nginx/render` has the same list, and routes-beside-application.conf the locations.
enum ReservedPaths {
    private static let segments: [String] = [
        "api", "login", "register", "recover", "account", "logout", "language", "signed-in", "assets", "docs",
        "openapi.json",
        "health", "metrics", "nginx-health", "error.css", "error-colors.css", "error.html", "error.problem",
        ".well-known", "application",
    ]

    /// Whether a path begins with a segment that this system uses.
    static func contain(_ path: String) -> Bool {
        let first = path.utf8.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        return segments.contains { $0.utf8.elementsEqual(first.map(\.asciiLowercased)) }
    }
}

extension String {
    /// Whether it is a host name of letters, digits, dots and hyphens whose last label is not a number.
    fileprivate var isPlainName: Bool {
        let labels = utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-") && !label.isEmpty
                && label.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
        } && labels.last?.allSatisfy { (0x30...0x39).contains($0) } == false
    }
}

extension ApplicationSettings.Upstream {
    /// Parses `http://host:port`; nil for anything else.
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

    /// The host without the dot that ends an absolute name.
    private var name: String { host.authority.hasSuffix(".") ? String(host.authority.dropLast()) : host.authority }

    /// Whether the server is part of this system: the public URL, a port of this machine, or a service of compose.yml.
    fileprivate func isOwn(publicURL: WebOrigin, ports: [Int]) -> Bool {
        let usual = publicURL.isSecure ? 443 : 80
        if publicURL.authority == "\(name):\(port)" || (port == usual && publicURL.authority == name) {
            return true
        }
        switch name {
        case "nginx": return true
        case "backend": return port == 8000
        case "frontend": return port == 3000
        default: return isLoopback && ports.contains(port)
        }
    }

    /// Whether the host is this machine.
    public var isLoopback: Bool {
        HostName.isLoopback(name) || IPAddress(host.description)?.isUnspecified == true
    }
}
