import HTTPTypes
import NIOCore
import NIOHTTP1

/// Filters requests between the HTTP/1 parser and the framework.
///
/// - Header values become ASCII, like the target, so that no comparison, here or in a library, normalizes Unicode (see
///   OutsideText.swift). Cookies are kept where the application's cookies pass through.
/// - A connection closes as RFC 9112, section 9.3, requires: Hummingbird 2.28 recognizes the exact value `close` only.
/// - After a request for another protocol (RFC 9110, sections 7.8 and 9.3.6), the parser only stores what follows, without
///   limit. Nothing more is read then, and the connection closes.
/// - An invalid request gets a response with a body. Hummingbird sends an empty body, and a second response if the
///   request body turns out to be invalid after the first.
final class MessageGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The properties of a request that its response depends on.
    private struct Exchange {
        let closes: Bool
        /// Whether the client uses HTTP/1.0.
        let isOld: Bool
    }

    /// How to handle the parts of the current response.
    private enum Writing {
        case response, rejection, nothing
    }

    private let page: UnreadableRequest.Page
    /// The requests without a response, in order.
    private var open = CircularBuffer<Exchange>()
    private var isReadingBody = false
    /// Whether the current request is the last one, because it asks for another protocol.
    private var isLast = false
    /// Whether no further request can be read.
    private var isBroken = false
    /// The invalid request after the last valid one.
    private var unreadable: UnreadableRequest?
    private var writing = Writing.response
    /// Whether the current response announces that the connection closes.
    private var isClosing = false

    /// Creates the handler of one connection.
    init(_ page: @escaping UnreadableRequest.Page) { self.page = page }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard unreadable == nil else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let fault = UnreadableRequest(head) {
                isBroken = true
                unreadable = fault
                // The framework responds to a parser error; that response is replaced by the page for this one.
                return context.fireErrorCaught(HTTPParserError.unknown)
            }
            isReadingBody = true
            // HTTP/1.0 has no chunked coding and, by default, no persistent connections.
            let isOld = head.version == .http1_0
            isLast = head.asksForAnotherProtocol
            let closes = isOld || isLast || !head.isKeepAlive || head.asksToClose
            if !isOld, open.isEmpty, head.awaitsContinue { sendContinue(context) }
            open.append(Exchange(closes: closes, isOld: isOld))
            var head = head.inASCII
            if closes { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body: context.fireChannelRead(data)
        case .end:
            isReadingBody = false
            // Trailers are ignored.
            context.fireChannelRead(wrapInboundOut(.end(nil)))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError {
            isBroken = true
            if !isReadingBody, unreadable == nil { unreadable = UnreadableRequest(error) }
        }
        context.fireErrorCaught(error)
    }

    func read(context: ChannelHandlerContext) {
        if isReadingBody || !isLast { context.read() }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part = unwrapOutboundIn(data)
        if case .head = part { begin() }
        switch (writing, part) {
        case (.response, .head(let head)): context.write(wrapOutboundOut(.head(framed(head))), promise: promise)
        case (.response, .end) where isClosing && isReadingBody && open.isEmpty:
            context.write(data, promise: promise)
            // The framework closes after its own decision only, and first reads the rest of the body.
            let channel = context.channel
            context.eventLoop.execute { channel.close(mode: .output, promise: nil) }
        case (.response, _), (.rejection, .end): context.write(data, promise: promise)
        case (.rejection, .head):
            if let unreadable { reject(unreadable) { context.write(wrapOutboundOut($0), promise: nil) } }
            promise?.succeed(())
        case (.rejection, .body), (.nothing, _): promise?.succeed(())
        }
    }

    /// Sends `100 Continue` to a client that waits for it (RFC 9110, section 10.1.1).
    private func sendContinue(_ context: ChannelHandlerContext) {
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// Handles a response head: without a request, it is the framework's response to invalid HTTP.
    private func begin() {
        if !open.isEmpty {
            writing = .response
        } else {
            writing = unreadable == nil ? .nothing : .rejection
        }
    }

    /// Writes head and body of the response to invalid HTTP.
    private func reject(_ request: UnreadableRequest, _ write: (HTTPServerResponsePart) -> Void) {
        let (fields, body) = page(request)
        var headers: HTTPHeaders = [
            "Content-Length": String(body.count), "Connection": "close", "X-Request-ID": request.requestID,
        ]
        for field in fields { headers.add(name: field.name.rawName, value: field.value) }
        let status = HTTPResponseStatus(statusCode: request.status)
        write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
        write(.body(.byteBuffer(ByteBuffer(bytes: body))))
    }

    /// The head of a response, adapted to the HTTP version and the connection of its request.
    private func framed(_ head: HTTPResponseHead) -> HTTPResponseHead {
        let exchange = open.removeFirst()
        var head = head
        if exchange.closes || isBroken { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        isClosing = head.headers["Connection"].contains { $0.isCaseless("close") }
        // Otherwise a body of unknown length would use chunked coding (RFC 9112, section 6.1).
        if exchange.isOld, !head.headers.contains(name: "Content-Length") { head.version = .http1_0 }
        return head
    }
}

@available(*, unavailable)
extension MessageGate: Sendable {}

extension HTTPRequestHead {
    /// Whether the client asks for another protocol, which this server never speaks.
    fileprivate var asksForAnotherProtocol: Bool { method == .CONNECT || headers.contains(name: "Upgrade") }

    /// Whether the client asks to close the connection; the parser does not find the option before a tab.
    fileprivate var asksToClose: Bool { headers[canonicalForm: "Connection"].contains { $0.isCaseless("close") } }

    /// Whether the client waits for `100 Continue`.
    fileprivate var awaitsContinue: Bool {
        guard headers.contains(name: "Content-Length") || headers.contains(name: "Transfer-Encoding") else {
            return false
        }
        return headers[canonicalForm: "Expect"].contains { $0.isCaseless("100-continue") }
    }

    /// The request with ASCII header values.
    ///
    /// Other bytes become question marks; no header that this system reads may contain them, except for the address of
    /// a page to return to, in which they are escaped as browsers do. The parser itself rejects them in the target.
    /// Cookies are kept where the application's cookies pass through: there they are read as bytes, and by no library.
    fileprivate var inASCII: HTTPRequestHead {
        guard !headers.allSatisfy({ $0.value.utf8.allSatisfy { $0 < 0x80 } }) else { return self }
        var head = self
        let path = uri.utf8.prefix { $0 != UInt8(ascii: "?") }
        let keepsCookies = [APIPath.accessCheck, APIPath.accessVerify].contains { path.elementsEqual($0.utf8) }
        head.headers = HTTPHeaders(
            headers.map { name, value in
                if keepsCookies, name.isCaseless("cookie") { return (name, value) }
                let isPage = name.isCaseless("x-original-uri") || name.isCaseless("x-forwarded-uri")
                let bytes = value.utf8.flatMap { byte -> [UInt8] in
                    if byte < 0x80 { return [byte] }
                    return isPage ? Array("%\([byte].hex)".utf8) : [UInt8(ascii: "?")]
                }
                return (name, String(decoding: bytes, as: UTF8.self))
            }
        )
        return head
    }
}
