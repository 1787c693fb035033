import Shared

/// The operator's picture, `SITE_LOGO` or `SITE_ICON`.
///
/// The content determines the type, not the file name.
struct SiteImage: Sendable {
    /// The supported types.
    enum Kind: String, Sendable {
        case png, jpeg, webp, ico, svg

        var mediaType: String {
            switch self {
            case .png: "image/png"
            case .jpeg: "image/jpeg"
            case .webp: "image/webp"
            case .ico: "image/x-icon"
            case .svg: "image/svg+xml"
            }
        }
    }

    /// The maximum size of a logo in bytes.
    static let maximumLogo = 256 * 1024
    /// The maximum size of an icon in bytes.
    static let maximumIcon = 128 * 1024

    let content: [UInt8]
    let kind: Kind

    /// Creates a picture of a known type.
    init(content: [UInt8], kind: Kind) {
        self.content = content
        self.kind = kind
    }

    /// Reads the file that a setting names; nil when it is unset or a fault was recorded.
    init?(_ name: SettingName, from reader: inout SettingsReader, as kinds: [Kind], limit: Int) {
        guard let path = reader.text(name) else { return nil }
        let content: [UInt8]
        do {
            content = try BoundedFile.read(path, limit: limit)
        } catch {
            let reason =
                if case .tooLarge = error { "has more than \(limit / 1024) KiB; use a smaller picture" } else {
                    "cannot be read: \(error.reason)"
                }
            reader.fault(name, "the file \(reader.quoted(path)) \(reason)")
            return nil
        }
        guard let kind = Self.kind(of: content), kinds.contains(kind) else {
            let names = kinds.map { $0.rawValue.uppercased() }.joined(separator: ", ")
            reader.fault(name, "the file \(reader.quoted(path)) is none of \(names)")
            return nil
        }
        self.content = content
        self.kind = kind
    }

    /// The type of a file by its first bytes; nil for any other.
    static func kind(of content: [UInt8]) -> Kind? {
        if content.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if content.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if content.starts(with: "RIFF".utf8), content.dropFirst(8).starts(with: "WEBP".utf8) { return .webp }
        if content.starts(with: [0, 0, 1, 0]), content.count > 22 { return .ico }
        return isSVG(content) ? .svg : nil
    }

    /// Whether the content is XML in UTF-8 whose first element is `svg`, after a declaration, a document type and comments.
    private static func isSVG(_ content: [UInt8]) -> Bool {
        guard String(validating: content, as: UTF8.self) != nil, !content.contains(0) else { return false }
        var rest = content[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        while true {
            rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
            if rest.starts(with: "<!--".utf8) {
                guard let end = rest.dropFirst(4).firstRange(of: Array("-->".utf8)) else { return false }
                rest = rest[end.upperBound...]
            } else if rest.starts(with: "<?".utf8) || rest.starts(with: "<!DOCTYPE".utf8) {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
                rest = rest[(end + 1)...]
            } else {
                let after = rest.dropFirst("<svg".utf8.count).first
                return rest.starts(with: "<svg".utf8)
                    && after.map { [0x20, 0x09, 0x0A, 0x0D, 0x3E].contains($0) } == true
            }
        }
    }
}
