/// A text that must not be seen: it describes and reflects itself as blank.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself; name it only where it is used.
    public let value: String

    /// Wraps a text.
    public init(_ value: String) { self.value = value }

    /// A fixed text that tells nothing.
    public var description: String { "<secret>" }
    /// A fixed text that tells nothing.
    public var debugDescription: String { "<secret>" }
    /// A mirror without children, so that `dump` tells nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
