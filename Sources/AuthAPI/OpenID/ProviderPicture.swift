import FoundationEssentials
import Shared

/// The picture of a user at a provider.
enum ProviderPicture {
    /// The URL, if it is on the host from which pages may show pictures.
    static func address(_ address: String?, at host: String) -> String? {
        guard let address, ProviderURL.isPlain(address),
            let parts = URLComponents(string: address, encodingInvalidCharacters: false),
            parts.scheme?.isExactly("https") == true,
            parts.host?.isExactly(host) == true, parts.user == nil, parts.password == nil, parts.port == nil,
            parts.fragment == nil
        else { return nil }
        return address
    }
}
