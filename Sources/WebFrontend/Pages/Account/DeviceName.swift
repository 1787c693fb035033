import Shared

/// A description of a browser: "Firefox on Linux".
///
/// A few well-known names, to help users recognize their devices; nothing depends on it.
struct DeviceName: Sendable, Equatable {
    /// The browser or program, if known.
    let browser: String?
    /// The operating system, if known.
    let system: String?

    /// Browsers by their tokens; a browser that also sends another's token comes first.
    private static let browsers: [(mark: String, name: String)] = [
        ("Edg", "Edge"), ("OPR/", "Opera"), ("Opera/", "Opera"), ("SamsungBrowser/", "Samsung Internet"),
        ("Vivaldi/", "Vivaldi"), ("YaBrowser/", "Yandex Browser"), ("DuckDuckGo/", "DuckDuckGo"),
        ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("HeadlessChrome/", "Chrome"), ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"), ("Chromium/", "Chromium"), ("Safari/", "Safari"), ("curl/", "curl"), ("Wget/", "Wget"),
    ]

    /// Operating systems by their tokens; those of phones come before the systems that they are based on.
    private static let systems: [(mark: String, name: String)] = [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
        ("Macintosh", "macOS"), ("Mac OS X", "macOS"), ("Linux", "Linux"), ("X11", "Unix"),
    ]

    /// Parses a `User-Agent`.
    init(userAgent: String?) {
        let text = userAgent ?? ""
        browser = Self.browsers.first { text.contains(bytesOf: $0.mark) }?.name
        system = Self.systems.first { text.contains(bytesOf: $0.mark) }?.name
    }

    /// The description.
    func text(_ texts: Translator) -> String {
        switch (browser, system) {
        case (let browser?, let system?): texts.text(.deviceOnSystem, ["browser": browser, "system": system])
        case (let browser?, nil): browser
        case (nil, let system?): texts.text(.deviceUnknownBrowser, ["system": system])
        case (nil, nil): texts[.deviceUnknown]
        }
    }
}
