/// The timeouts of the frontend.
struct Deadlines: Sendable {
    /// For receiving the body of a form.
    var body = Duration.seconds(10)
    /// For a response of the API.
    var response = Duration.seconds(5)
    /// For a response of the API that needs a password hash.
    var hashing = Duration.seconds(10)
    /// For a response of the API that ends any number of sessions; shorter than nginx's timeout.
    var bulk = Duration.seconds(25)
}
