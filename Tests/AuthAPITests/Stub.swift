import Testing
@testable import AuthAPI
