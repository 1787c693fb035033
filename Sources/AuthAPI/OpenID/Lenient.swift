/// An optional property of a provider's JSON: a value of another type counts as missing, as does null.
@propertyWrapper
struct Lenient<Wrapped: Decodable & Sendable>: Decodable, Sendable {
    var wrappedValue: Wrapped?

    init(wrappedValue: Wrapped?) { self.wrappedValue = wrappedValue }

    init(from decoder: any Decoder) throws {
        wrappedValue = try? decoder.singleValueContainer().decode(Wrapped.self)
    }
}

extension KeyedDecodingContainer {
    /// Decodes a property; nil where the key is missing.
    func decode<Wrapped>(_ type: Lenient<Wrapped>.Type, forKey key: Key) -> Lenient<Wrapped> {
        Lenient(wrappedValue: try? decode(Wrapped.self, forKey: key))
    }
}
