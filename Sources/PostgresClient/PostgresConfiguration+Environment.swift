import CLibPQ

extension PostgresConfiguration {
    /// The connection string as environment variables for PostgreSQL's programs (libpq, "Environment Variables"), with
    /// the password.
    ///
    /// Parameters without a variable, such as `keepalives`, are left out.
    package var environment: [(name: String, value: String)] {
        guard let options = unsafe PQconndefaults() else { return [] }
        defer { unsafe PQconninfoFree(options) }
        var variables: [(name: String, value: String)] = []
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let name = unsafe option.pointee.envvar, let value = unsafe value(of: String(cString: keyword)) {
                unsafe variables.append((name: String(cString: name), value: value))
            }
            unsafe option += 1
        }
        return variables
    }
}
