import HTTPTypes
import Hummingbird
import Shared

extension SiteCookies {
    /// Adds a cookie to a response; see ``storing(_:_:maxAge:)``.
    func set(_ name: String, to value: String, maxAge: Int, on response: inout Response) {
        response.headers.append(HTTPField(name: .setCookie, value: storing(name, value, maxAge: maxAge)))
    }

    /// Deletes a cookie.
    func clear(_ name: String, on response: inout Response) { set(name, to: "", maxAge: 0, on: &response) }
}
