import Crypto
import FoundationEssentials
import Shared

/// The key of a rate limit in the database: its kind, and a keyed hash of its subject.
struct ThrottleKey: Sendable, Equatable {
    /// The kinds; their order is the lock order of rows, which prevents deadlocks.
    enum Kind: UInt8, CustomStringConvertible {
        case account = 1
        case device, network, registration, owner, profile, recovery

        /// The name in the audit trail.
        var description: String {
            switch self {
            case .account: "account"
            case .device: "device"
            case .network: "network"
            case .registration: "registration"
            case .owner: "owner"
            case .recovery: "recovery"
            case .profile: "profile"
            }
        }

        /// Whether the subject is a network, not an account.
        var isNetwork: Bool {
            switch self {
            case .account, .device, .owner, .profile: false
            case .network, .registration, .recovery: true
            }
        }
    }

    let kind: Kind
    let bytes: [UInt8]
}

/// Creates keys as HMACs, so that the table reveals no address.
///
/// Rotating `SECRET_KEY` resets every count.
struct ThrottleKeys: Sendable {
    private let key: SymmetricKey

    init(secretKey: Secret) {
        key = KeyRing.key(for: .throttleKeys, from: secretKey)
    }

    /// The account of an email address, whether it exists or not.
    func account(_ email: EmailAddress) -> ThrottleKey { make(.account, email.value) }
    /// One known browser of an account.
    func device(_ id: DeviceID) -> ThrottleKey { make(.device, id.uuidString) }
    /// Sign-ins from the network of an address.
    func network(_ address: String?) -> ThrottleKey { make(.network, ClientNetwork.of(address)) }
    /// Registrations from the network of an address.
    func registration(_ address: String?) -> ThrottleKey { make(.registration, ClientNetwork.of(address)) }
    /// Confirmations by a signed-in user.
    func owner(_ user: UserID) -> ThrottleKey { make(.owner, user.lowercaseText) }
    /// Changes of name and downloads by a signed-in user.
    func profile(_ user: UserID) -> ThrottleKey { make(.profile, user.lowercaseText) }

    /// Recoveries from the network of an address.
    func recovery(_ address: String?) -> ThrottleKey { make(.recovery, ClientNetwork.of(address)) }
    /// All rate limits of the network of an address.
    func networks(_ address: String) -> [ThrottleKey] { [network(address), registration(address), recovery(address)] }

    private func make(_ kind: ThrottleKey.Kind, _ text: String) -> ThrottleKey {
        let code = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)
        return ThrottleKey(kind: kind, bytes: [kind.rawValue] + Array(code))
    }
}
