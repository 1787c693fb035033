/// A text that must not be shown: its description and reflection are redacted.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text; access it only where it is used.
    public let value: String

    /// Wraps a text.
    public init(_ value: String) { self.value = value }

    /// A fixed text.
    public var description: String { "<secret>" }
    /// A fixed text.
    public var debugDescription: String { "<secret>" }
    /// A mirror without children, so that `dump` shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
