import Testing
@testable import WebFrontend
