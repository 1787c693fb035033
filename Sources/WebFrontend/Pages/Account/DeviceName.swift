import Shared

/// What a browser says about itself, in words: "Firefox on Linux".
///
/// A few well-known names, for people to tell their own devices apart; nothing depends on it.
struct DeviceName: Sendable, Equatable {
    /// The browser or program, if it is known.
    let browser: String?
    /// The operating system, if it is known.
    let system: String?

    /// Browsers by what only they say; whoever pretends to be another stands before that other.
    private static let browsers: [(mark: String, name: String)] = [
        ("Edg", "Edge"), ("OPR/", "Opera"), ("Opera/", "Opera"), ("SamsungBrowser/", "Samsung Internet"),
        ("Vivaldi/", "Vivaldi"), ("YaBrowser/", "Yandex Browser"), ("DuckDuckGo/", "DuckDuckGo"),
        ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("HeadlessChrome/", "Chrome"), ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"), ("Chromium/", "Chromium"), ("Safari/", "Safari"), ("curl/", "curl"), ("Wget/", "Wget"),
    ]

    /// Systems by what only they say; phones come before the systems that they are made from.
    private static let systems: [(mark: String, name: String)] = [
        ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
        ("Macintosh", "macOS"), ("Mac OS X", "macOS"), ("Linux", "Linux"), ("X11", "Unix"),
    ]

    /// Reads a `User-Agent`.
    init(userAgent: String?) {
        let text = userAgent ?? ""
        browser = Self.browsers.first { text.contains(bytesOf: $0.mark) }?.name
        system = Self.systems.first { text.contains(bytesOf: $0.mark) }?.name
    }

    /// The device in words.
    func text(_ texts: Translator) -> String {
        switch (browser, system) {
        case (let browser?, let system?): texts.text(.deviceOnSystem, ["browser": browser, "system": system])
        case (let browser?, nil): browser
        case (nil, let system?): texts.text(.deviceUnknownBrowser, ["system": system])
        case (nil, nil): texts[.deviceUnknown]
        }
    }
}
