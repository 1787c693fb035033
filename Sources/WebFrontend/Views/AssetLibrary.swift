import Crypto
import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// The files that pages load, under names that change with their content, so that browsers may keep them for good.
struct AssetLibrary: Sendable {
    private struct Asset: Sendable {
        let content: ByteBuffer
        let type: String
    }

    /// The path of each asset, by its file name with `_` for the dot.
    let paths: [String: String]
    private let assets: [String: Asset]
    private let favicon: Asset
    private let robots: Asset

    /// The files that are part of the program.
    static func embedded() -> AssetLibrary { AssetLibrary() }

    private init() {
        let files: [(name: String, ending: String, content: [UInt8], type: String)] = [
            ("site", "css", Self.styles, "text/css; charset=utf-8"),
            ("site", "js", PackageResources.site_js, "text/javascript; charset=utf-8"),
            ("favicon", "svg", PackageResources.favicon_svg, "image/svg+xml"),
        ]
        var paths: [String: String] = [:]
        var assets: [String: Asset] = [:]
        for file in files {
            let hash = SHA256.hash(data: file.content).prefix(8).map { byte in
                String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }.joined()
            let name = "\(file.name).\(hash).\(file.ending)"
            paths["\(file.name)_\(file.ending)"] = "\(SitePath.assets)/\(name)"
            assets[name] = Asset(content: ByteBuffer(bytes: file.content), type: file.type)
        }
        self.paths = paths
        self.assets = assets
        favicon = Asset(content: ByteBuffer(bytes: PackageResources.favicon_svg), type: "image/svg+xml")
        robots = Asset(content: ByteBuffer(bytes: PackageResources.robots_txt), type: "text/plain; charset=utf-8")
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
        return answer(asset, caching: "public, max-age=31536000, immutable")
    }

    /// The icon at the address where browsers look for one by themselves.
    @Sendable func icon(_ request: Request, _ context: PageContext) -> Response {
        answer(favicon, caching: "public, max-age=86400")
    }

    /// What crawlers may read.
    @Sendable func robots(_ request: Request, _ context: PageContext) -> Response {
        answer(robots, caching: "public, max-age=86400")
    }

    private func answer(_ asset: Asset, caching: String) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: asset.type, .cacheControl: caching],
            body: .init(byteBuffer: asset.content)
        )
    }
}
