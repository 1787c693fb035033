import CArgon2
import FoundationEssentials

/// An Argon2id hash with its parameters: the parts of a PHC string.
struct Argon2Hash: Sendable, Equatable {
    /// The length of the salt in new hashes in bytes (RFC 9106, section 3.1: 16 is recommended for password hashing).
    static let saltLength = 16
    /// The length of the tag in new hashes in bytes (RFC 9106, section 4).
    static let tagLength = 32

    /// The version of the algorithm: 19 since 2016, 16 before that.
    let version: Int
    /// The cost.
    let parameters: Argon2Parameters
    let salt: [UInt8]
    let tag: [UInt8]
    /// Data hashed together with the password; empty in new hashes (RFC 9106, section 3.1, "associated data").
    let data: [UInt8]

    /// The version of new hashes (RFC 9106, section 3.1).
    static let currentVersion = 19

    /// Hashes a password with a new random salt.
    ///
    /// Throws `Argon2Failure` when libargon2 fails, such as without memory.
    init(hashing password: Password, parameters: Argon2Parameters) throws {
        let salt = Self.randomBytes(Self.saltLength)
        self.version = Self.currentVersion
        self.parameters = parameters
        self.salt = salt
        data = []
        self.tag = try Self.tag(
            of: password.normalized,
            salt: salt,
            data: data,
            length: Self.tagLength,
            parameters: parameters,
            version: Self.currentVersion
        )
    }

    /// A hash of an unknown password, as expensive to check as a real one with these parameters.
    init(dummyWith parameters: Argon2Parameters) {
        version = Self.currentVersion
        self.parameters = parameters
        salt = Self.randomBytes(Self.saltLength)
        tag = Self.randomBytes(Self.tagLength)
        data = []
    }

    /// Parses a PHC string; nil when it is not Argon2id, malformed, uses a secret key (`keyid`), or exceeds the bounds
    /// of `Argon2Parameters`.
    ///
    /// The parameters may be in any order, as other libraries write them.
    init?(phc: String) {
        // `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`; strings from before version 19 have no `v`.
        var parts = phc.utf8.count <= 512 ? phc.split(separator: "$", omittingEmptySubsequences: false) : []
        guard parts.count >= 5, parts[0].isEmpty, parts[1] == "argon2id" else { return nil }
        var version = 16
        if parts[2].hasPrefix("v=") {
            guard let number = Self.number(parts[2].dropFirst(2)) else { return nil }
            version = number
            parts.remove(at: 2)
        }
        guard parts.count == 5, version == 16 || version == Self.currentVersion,
            let (parameters, data) = Self.parameters(parts[2]), parameters.areAcceptable,
            let salt = Self.unpaddedBase64(parts[3]), (8...64).contains(salt.count),
            let tag = Self.unpaddedBase64(parts[4]), (12...64).contains(tag.count)
        else { return nil }
        self.version = version
        self.parameters = parameters
        self.data = data
        self.salt = salt
        self.tag = tag
    }

    /// The PHC string.
    var phc: String {
        let cost = "m=\(parameters.memoryKiB),t=\(parameters.iterations),p=\(parameters.parallelism)"
        let data = data.isEmpty ? "" : ",data=\(Self.unpaddedBase64(data))"
        return "$argon2id$v=\(version)$\(cost)\(data)$\(Self.unpaddedBase64(salt))$\(Self.unpaddedBase64(tag))"
    }

    /// Whether it is the hash of these bytes.
    ///
    /// Takes the same time in both cases. Throws `Argon2Failure` when libargon2 fails.
    func matches(_ password: SecretBytes) throws -> Bool {
        let computed = try Self.tag(
            of: password,
            salt: salt,
            data: data,
            length: tag.count,
            parameters: parameters,
            version: version
        )
        return constantTimeEqual(computed, tag)
    }

    private static func tag(
        of password: SecretBytes,
        salt: [UInt8],
        data: [UInt8],
        length: Int,
        parameters: Argon2Parameters,
        version: Int
    ) throws -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: length)
        // libargon2 does not write to salt and data, and not to the password without the corresponding flag.
        let input = salt + data
        let status = unsafe password.withUnsafeBytes { password in
            unsafe input.withUnsafeBufferPointer { input in
                unsafe tag.withUnsafeMutableBufferPointer { tag in
                    var context = unsafe argon2_context()
                    unsafe context.out = tag.baseAddress
                    unsafe context.outlen = UInt32(tag.count)
                    unsafe context.pwd = UnsafeMutablePointer(
                        mutating: password.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    )
                    unsafe context.pwdlen = UInt32(password.count)
                    unsafe context.salt = UnsafeMutablePointer(mutating: input.baseAddress)
                    unsafe context.saltlen = UInt32(salt.count)
                    if !data.isEmpty {
                        unsafe context.ad = UnsafeMutablePointer(mutating: input.baseAddress?.advanced(by: salt.count))
                        unsafe context.adlen = UInt32(data.count)
                    }
                    unsafe context.t_cost = UInt32(parameters.iterations)
                    unsafe context.m_cost = UInt32(parameters.memoryKiB)
                    unsafe context.lanes = UInt32(parameters.parallelism)
                    unsafe context.threads = UInt32(parameters.parallelism)
                    unsafe context.version = UInt32(version)
                    unsafe context.allocate_cbk = { unsafe Argon2Memory.shared.allocate($0, $1) }
                    unsafe context.free_cbk = { unsafe Argon2Memory.shared.free($0, $1) }
                    return unsafe argon2_ctx(&context, Argon2_id)
                }
            }
        }
        guard status == ARGON2_OK.rawValue else { throw Argon2Failure(status: status) }
        return tag
    }

    private static func randomBytes(_ count: Int) -> [UInt8] {
        // Documented to be cryptographically secure on Linux: getrandom(2).
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Memory, passes and lanes, each once, and optional associated data.
    private static func parameters(_ text: Substring) -> (Argon2Parameters, data: [UInt8])? {
        var values: [Substring: Substring] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let sign = part.firstIndex(of: "="),
                values.updateValue(part[part.index(after: sign)...], forKey: part[..<sign]) == nil
            else { return nil }
        }
        let data = values.removeValue(forKey: "data")
        guard values.count == 3, let memory = values["m"].flatMap(number), let iterations = values["t"].flatMap(number),
            let parallelism = values["p"].flatMap(number), let data = data.map(unpaddedBase64) ?? [], data.count <= 32
        else { return nil }
        return (Argon2Parameters(memoryKiB: memory, iterations: iterations, parallelism: parallelism), data)
    }

    /// A decimal number without sign, leading zeros or more than ten digits.
    private static func number(_ text: Substring) -> Int? {
        guard (1...10).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text == "0" || !text.hasPrefix("0")
        else { return nil }
        return Int(text)
    }

    private static func unpaddedBase64(_ text: Substring) -> [UInt8]? {
        guard !text.contains("=") else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text + padding).map { Array($0) }
    }

    private static func unpaddedBase64(_ bytes: [UInt8]) -> String {
        var text = Data(bytes).base64EncodedString()
        while text.hasSuffix("=") { text.removeLast() }
        return text
    }
}

/// libargon2 could not compute a hash.
struct Argon2Failure: Error {
    /// libargon2's error code.
    let status: Int32
}
