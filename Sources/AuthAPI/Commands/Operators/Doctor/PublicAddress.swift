import Shared

/// Checks the address at which browsers reach the site.
struct PublicAddress: Sendable {
    let url: WebOrigin
    let isProduction: Bool
    /// The enabled providers.
    let providers: [ProviderSettings]

    /// The ports that browsers refuse to open (WHATWG Fetch, "port blocking").
    static let badPorts: Set<Int> = [
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
        110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530,
        531,
        532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
        5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080,
    ]

    func findings() -> [Finding] {
        [address] + [cookie] + callbacks
    }

    private var address: Finding {
        if let port = url.port, Self.badPorts.contains(port) {
            return .fix(
                "PUBLIC_URL",
                "\(url): browsers block port \(port)",
                "set it to the address that browsers use, such as that of the reverse proxy or of BROWSER_PORT"
            )
        }
        if isProduction, url.isLoopback {
            return .note("PUBLIC_URL", "\(url) works on this machine only", "set it to the address that browsers use")
        }
        return .ok("PUBLIC_URL", "\(url)")
    }

    private var cookie: Finding {
        if url.isSecure { return .ok("cookie", "Secure, \(SiteCookies(publicURL: url).name(SiteCookies.session))") }
        if url.isLoopback { return .ok("cookie", "not Secure, which http on this machine does not require") }
        return .fix(
            "cookie",
            "passwords and cookies are sent to \(url) unencrypted, and the cookie is not Secure",
            "terminate TLS in a reverse proxy and set PUBLIC_URL to its https address"
        )
    }

    /// The exact callback addresses to register in the providers' consoles.
    private var callbacks: [Finding] {
        guard !providers.isEmpty else {
            return [
                .note("providers", "none is on; settings like GOOGLE_CLIENT_ID and its secret enable them")
            ]
        }
        return providers.map {
            .note($0.name.en, "callback address to register: \(url)\(APIPath.oauthCallback($0.key))")
        }
    }
}
