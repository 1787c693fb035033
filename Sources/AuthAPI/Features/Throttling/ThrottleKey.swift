import Crypto
import FoundationEssentials
import Shared

/// Whose attempts are counted together, as the database knows it: the kind, and a keyed hash of the rest.
struct ThrottleKey: Sendable, Equatable {
    /// What is counted; the order is the one in which rows are locked, so that no two requests wait for each other.
    enum Kind: UInt8, CustomStringConvertible {
        case account = 1
        case device, network, registration, owner, profile, recovery

        /// The limit's name in the audit trail.
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

        /// Whether networks are counted, and not accounts.
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

/// Makes keys as HMACs, so that the table reveals no address.
///
/// Rotating `SECRET_KEY` resets every count.
struct ThrottleKeys: Sendable {
    private let key: SymmetricKey

    init(secretKey: Secret) {
        key = KeyRing.key(for: .throttleKeys, from: secretKey)
    }

    /// The account of that address, whether there is one or not.
    func account(_ email: EmailAddress) -> ThrottleKey { make(.account, email.value) }
    /// One browser at the account for which it is known.
    func device(_ id: DeviceID) -> ThrottleKey { make(.device, id.uuidString) }
    /// Sign-ins from the network of an address.
    func network(_ address: String?) -> ThrottleKey { make(.network, ClientNetwork.of(address)) }
    /// Registrations from the network of an address.
    func registration(_ address: String?) -> ThrottleKey { make(.registration, ClientNetwork.of(address)) }
    /// Confirmations by a signed-in user.
    func owner(_ user: UserID) -> ThrottleKey { make(.owner, user.lowercaseText) }
    /// Changes of name, and downloads, by a signed-in user.
    func profile(_ user: UserID) -> ThrottleKey { make(.profile, user.lowercaseText) }

    /// Recoveries from the network of an address.
    func recovery(_ address: String?) -> ThrottleKey { make(.recovery, ClientNetwork.of(address)) }
    /// Everything that is counted for the network of an address.
    func networks(_ address: String) -> [ThrottleKey] { [network(address), registration(address), recovery(address)] }

    private func make(_ kind: ThrottleKey.Kind, _ text: String) -> ThrottleKey {
        let code = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key)
        return ThrottleKey(kind: kind, bytes: [kind.rawValue] + Array(code))
    }
}
