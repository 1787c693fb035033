import Crypto
import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// The files that pages load, under names that change with their content, so that browsers may keep them for good.
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

    /// The path of each asset, by its file name with `_` for the dot.
    let paths: [String: String]
    private let assets: [String: Asset]
    private let favicon: Asset
    private let robots: Asset

    /// The files that are part of the program.
    ///
    /// - Throws: ``Gzip/Fault`` when they cannot be compressed.
    static func embedded() throws(Gzip.Fault) -> AssetLibrary { try AssetLibrary() }

    private init() throws(Gzip.Fault) {
        let files: [(name: String, ending: String, content: [UInt8], type: String)] = [
            ("site", "css", Self.styles, "text/css; charset=utf-8"),
            ("site", "js", PackageResources.site_js, "text/javascript; charset=utf-8"),
            ("favicon", "svg", PackageResources.favicon_svg, "image/svg+xml"),
        ]
        var paths: [String: String] = [:]
        var assets: [String: Asset] = [:]
        for file in files {
            let hash = SHA256.hash(data: file.content).prefix(8).hex
            let name = "\(file.name).\(hash).\(file.ending)"
            paths["\(file.name)_\(file.ending)"] = "\(SitePath.assets)/\(name)"
            assets[name] = try Asset(file.content, type: file.type)
        }
        self.paths = paths
        self.assets = assets
        favicon = try Asset(PackageResources.favicon_svg, type: "image/svg+xml")
        robots = try Asset(PackageResources.robots_txt, type: "text/plain; charset=utf-8")
    }

    /// The style sheets as one file, in the order in which they build on each other.
    private static var styles: [UInt8] {
        PackageResources.base_css + PackageResources.forms_css + PackageResources.providers_css
            + PackageResources.pages_css + PackageResources.adapt_css
    }

    /// A file under its name with the hash.
    @Sendable func asset(_ request: Request, _ context: PageContext) throws -> Response {
        guard let name = context.parameters.get("file"), let asset = assets[name] else {
            throw APIError(.notFound)
        }
        return answer(request, asset, caching: "public, max-age=31536000, immutable")
    }

    /// The icon at the address where browsers look for one by themselves.
    @Sendable func icon(_ request: Request, _ context: PageContext) -> Response {
        answer(request, favicon, caching: "public, max-age=86400")
    }

    /// What crawlers may read.
    @Sendable func robots(_ request: Request, _ context: PageContext) -> Response {
        answer(request, robots, caching: "public, max-age=86400")
    }

    private func answer(_ request: Request, _ asset: Asset, caching: String) -> Response {
        var headers: HTTPFields = [.contentType: asset.type, .cacheControl: caching, .vary: "Accept-Encoding"]
        guard asset.compressed.readableBytes < asset.content.readableBytes,
            Gzip.isAccepted(in: request.headers[values: .acceptEncoding])
        else { return Response(status: .ok, headers: headers, body: .init(byteBuffer: asset.content)) }
        headers[.contentEncoding] = "gzip"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: asset.compressed))
    }
}
