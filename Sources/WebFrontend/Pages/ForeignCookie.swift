/// Another program on the same host has set a cookie with the name of this site's, so that no visitor can be signed in.
struct ForeignCookie: Error {
    /// The cookie's name.
    let name: String
}
