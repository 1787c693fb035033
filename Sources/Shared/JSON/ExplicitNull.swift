/// An optional property that is encoded as null when it is nil, so that clients can rely on the shape of the object.
///
/// When decoding, a missing key counts as null.
@propertyWrapper
public struct ExplicitNull<Wrapped: Sendable>: Sendable {
    /// The value; nil stands for null.
    public var wrappedValue: Wrapped?

    /// Wraps a value.
    public init(wrappedValue: Wrapped?) { self.wrappedValue = wrappedValue }
}

extension ExplicitNull: Equatable where Wrapped: Equatable {}

extension ExplicitNull: Encodable where Wrapped: Encodable {
    /// Writes the value or null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

extension ExplicitNull: Decodable where Wrapped: Decodable {
    /// Reads a value or null.
    public init(from decoder: any Decoder) throws {
        wrappedValue = try decoder.singleValueContainer().decode(Wrapped?.self)
    }
}

extension KeyedDecodingContainer {
    /// Reads a value; null where the key is missing.
    public func decode<Wrapped: Decodable>(
        _ type: ExplicitNull<Wrapped>.Type,
        forKey key: Key
    ) throws -> ExplicitNull<Wrapped> {
        ExplicitNull(wrappedValue: try decodeIfPresent(Wrapped.self, forKey: key))
    }
}
