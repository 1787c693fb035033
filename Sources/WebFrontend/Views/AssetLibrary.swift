import Crypto
import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// The files that pages load, under names that change with their content, so that browsers can cache them forever.
struct AssetLibrary: Sendable {
    private struct Asset: Sendable {
        let content: ByteBuffer
        let compressed: ByteBuffer
        let type: String

        init(_ content: [UInt8], type: String) throws(Gzip.Fault) {
            self.content = ByteBuffer(bytes: content)
            compressed = ByteBuffer(bytes: try Gzip.compress(content))
            self.type = type
        }
    }

    /// The policy for a picture that is opened directly: an SVG file could contain a script with the privileges of a page.
    static let picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

    /// The path of each asset by its name, followed by `_` and the extension if that is fixed.
    let paths: [String: String]
    /// The media type of the icon.
    let iconType: String
    /// The path of the operator's logo.
    let logo: String?
    /// The path of the icon, if it is the operator's.
    let ownIcon: String?
    private let assets: [String: Asset]
    private let favicon: Asset
    private let robots: Asset

    /// The built-in files, with the pictures and the color of the site.
    ///
    /// - Throws: ``Gzip/Fault`` when they cannot be compressed.
    static func embedded(_ look: SiteLook = SiteLook()) throws(Gzip.Fault) -> AssetLibrary {
        try AssetLibrary(look)
    }

    private init(_ look: SiteLook) throws(Gzip.Fault) {
        let icon = look.icon ?? SiteImage(content: Self.mark(in: look.color), kind: .svg)
        var files: [(name: String, path: String, content: [UInt8], type: String)] = [
            ("site_css", "site.*.css", Self.styles(look.color), "text/css; charset=utf-8"),
            ("site_js", "site.*.js", Self.scripts, "text/javascript; charset=utf-8"),
            ("icon", "icon.*.\(icon.kind.rawValue)", icon.content, icon.kind.mediaType),
        ]
        if let logo = look.logo {
            files.append(("logo", "logo.*.\(logo.kind.rawValue)", logo.content, logo.kind.mediaType))
        }
        var paths: [String: String] = [:]
        var assets: [String: Asset] = [:]
        for file in files {
            let name = file.path.split(separator: "*").joined(separator: SHA256.hash(data: file.content).prefix(8).hex)
            paths[file.name] = "\(SitePath.assets)/\(name)"
            assets[name] = try Asset(file.content, type: file.type)
        }
        self.paths = paths
        self.assets = assets
        iconType = icon.kind.mediaType
        logo = paths["logo"]
        ownIcon = look.icon == nil ? nil : paths["icon"]
        favicon = try Asset(icon.content, type: icon.kind.mediaType)
        robots = try Asset(PackageResources.robots_txt, type: "text/plain; charset=utf-8")
    }

    /// The style sheets as one file, in the order of their cascade.
    private static func styles(_ color: SiteColor?) -> [UInt8] {
        PackageResources.base_css + PackageResources.forms_css + PackageResources.providers_css
            + PackageResources.pages_css + PackageResources.adapt_css + Array((color?.styleSheet ?? "").utf8)
    }

    /// The scripts as one file; the first reads the fragment before the other changes the URL.
    private static var scripts: [UInt8] { PackageResources.fragment_js + PackageResources.site_js }

    /// The built-in mark, in the site's color.
    private static func mark(in color: SiteColor?) -> [UInt8] {
        guard let color else { return PackageResources.favicon_svg }
        let mark = String(decoding: PackageResources.favicon_svg, as: UTF8.self)
        let parts = mark.split(separator: "#0f6257", omittingEmptySubsequences: false)
        return Array(parts.joined(separator: color.light.accent.description).utf8)
    }

    /// A file by its name with the hash.
    @Sendable func asset(_ request: Request, _ context: PageContext) throws -> Response {
        guard let name = context.parameters.get("file"), let asset = assets[name] else {
            throw APIError(.notFound)
        }
        return response(request, asset, caching: "public, max-age=31536000, immutable")
    }

    /// The icon at the default path.
    @Sendable func icon(_ request: Request, _ context: PageContext) -> Response {
        response(request, favicon, caching: "public, max-age=86400")
    }

    /// The rules for crawlers.
    @Sendable func robots(_ request: Request, _ context: PageContext) -> Response {
        response(request, robots, caching: "public, max-age=86400")
    }

    private func response(_ request: Request, _ asset: Asset, caching: String) -> Response {
        var headers: HTTPFields = [.contentType: asset.type, .cacheControl: caching, .vary: "Accept-Encoding"]
        if asset.type.utf8.starts(with: "image/".utf8) { headers[.contentSecurityPolicy] = Self.picturePolicy }
        guard asset.compressed.readableBytes < asset.content.readableBytes,
            Gzip.isAccepted(in: request.headers[values: .acceptEncoding])
        else { return Response(status: .ok, headers: headers, body: .init(byteBuffer: asset.content)) }
        headers[.contentEncoding] = "gzip"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: asset.compressed))
    }
}
