/// How long the frontend waits for others.
struct Deadlines: Sendable {
    /// For the body of a form to arrive.
    var body = Duration.seconds(10)
    /// For an answer of the API.
    var answer = Duration.seconds(5)
    /// For an answer of the API that needs a password hash.
    var hashing = Duration.seconds(10)
    /// For an answer of the API that ends any number of sessions; shorter than the proxy's own.
    var bulk = Duration.seconds(25)
}
