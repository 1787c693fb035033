import Testing

@testable import AuthAPI

/// D6: connection strings are checked at start, and neither faults nor descriptions repeat a part of the password.
@Suite struct PostgresConfigurationTests {
    @Test(arguments: [
        "postgresql://app:secret@db.example:5433/app", "postgres://app@localhost/app", "postgresql:///app?host=/run/pg",
        "postgresql://app:secret@a:5432,b:5433/app?target_session_attrs=read-write&sslmode=verify-full",
        "host=a,b dbname=app user=app password=secret target_session_attrs=primary",
        "postgresql://app:p%40ss%2Fword%3F@db/app", "postgresql://app@[::1]:5432/app",
    ])
    func goodStrings(url: String) throws {
        _ = try PostgresConfiguration(url: url)
    }

    @Test(arguments: [
        ("", "empty"), ("postgresql+asyncpg://app:hunter2@db/app", "must start with postgresql://"),
        ("mysql://app:hunter2@db/app", "must start with postgresql://"), ("hunter2", "cannot be read"),
        ("postgresql://app:hunter2%zz@db/app", "cannot be read"),
        ("postgresql://app:hunter2@db/app?hunter2=1", "cannot be read"),
        ("postgresql://app:hunter2@db:port/app", "port must be a number"),
        ("postgresql://app:hunter2@db:70000/app", "port must be a number"),
        ("postgresql://app:hunt/er2@db/app", "port must be a number"),
        ("postgresql://app:hunt@er2@db/app", "no host name"),
        ("postgresql://app:hunter2@a,b:1,c:2,d/app?port=1,2", "number of database ports"),
        ("postgresql://app:hunter2@db/app?sslmode=full", "sslmode must be one of"),
        ("postgresql://app:hunter2@db/app?target_session_attrs=rw", "target_session_attrs must be one of"),
        ("postgresql://app:hunter2@db/app?connect_timeout=soon", "connect_timeout must be"),
        ("postgresql://app:hunter2@db/app\u{0}", "NUL"),
    ])
    func faultsAreSentencesWithoutValues(url: String, fault: String) throws {
        let error = try #require(throws: PostgresConfiguration.Invalid.self) { try PostgresConfiguration(url: url) }
        let text = error.faults.joined(separator: "; ")
        #expect(text.contains(fault))
        for part in ["hunt", "er2", "70000"] { #expect(!"\(error)\(text)".contains(part)) }
    }

    @Test func everyFaultIsListed() throws {
        let error = try #require(throws: PostgresConfiguration.Invalid.self) {
            try PostgresConfiguration(host: "a b", port: "x", user: "", password: "p", database: "")
        }
        #expect(error.faults.count == 4)
    }

    @Test func descriptionsHideThePassword() throws {
        let configurations = [
            try PostgresConfiguration(url: "postgresql://app:swordfish@db:5433/accounts?sslmode=require"),
            try PostgresConfiguration(host: "db", user: "app", password: "swordfish", database: "accounts"),
        ]
        for configuration in configurations {
            var dumped = ""
            dump(configuration, to: &dumped)
            let text = "\(configuration) \(String(reflecting: configuration)) \(dumped)"
            #expect(text.contains("accounts") && !text.contains("swordfish"))
        }
    }

    @Test func limitsReachTheServer() throws {
        var configuration = try PostgresConfiguration(
            url: "postgresql://app@db/app?connect_timeout=7&application_name=mine&options=-c%20work_mem%3D8MB"
        )
        configuration.statementTimeout = .milliseconds(1234)
        func value(_ keyword: String, _ configuration: PostgresConfiguration) -> String? {
            configuration.connectionParameters.last { $0.keyword == keyword }?.value
        }
        #expect(value("connect_timeout", configuration) == "7")
        #expect(value("application_name", configuration) == "mine")
        #expect(value("client_encoding", configuration) == "UTF8")
        let options = value("options", configuration) ?? ""
        #expect(options.contains("-c statement_timeout=1234 ") && options.hasSuffix(" -c work_mem=8MB"))
        let migrations = configuration.forMigrations(waitingUpTo: .seconds(1))
        #expect(value("options", migrations)?.contains("-c statement_timeout=0 -c lock_timeout=0 ") == true)
    }
}
