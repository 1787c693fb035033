import HTTPTypes
import Hummingbird

extension Response {
    /// Redirects the browser to another page with GET (303), with the API's cookies.
    static func seeOther(_ location: String, cookies: [String] = []) -> Response {
        var response = Response(status: .seeOther, headers: [.location: location])
        for cookie in cookies { response.headers.append(HTTPField(name: .setCookie, value: cookie)) }
        return response
    }
}
