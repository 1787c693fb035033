import Testing

@testable import PostgresClient

/// D6: Connection strings are validated at start, and neither faults nor descriptions repeat a part of the password.
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
        ("postgresql://app:hunt@er2@db/app", "not a host name"),
        ("postgresql://app:hunter2@a,b:1,c:2,d/app?port=1,2", "number of database ports"),
        ("postgresql://app:hunter2@db/app?sslmode=full", "sslmode must be one of"),
        ("postgresql://app:hunter2@db/app?target_session_attrs=rw", "target_session_attrs must be one of"),
        ("postgresql://app:hunter2@db/app?connect_timeout=soon", "connect_timeout must be"),
        ("postgresql://app:hunter2@db/app\u{0}", "NUL"),
        ("\"postgresql://app:hunter2@db/app\"", "in quotation marks"),
        ("'postgresql://app:hunter2@db/app'", "in quotation marks"),
    ])
    func faultsAreSentencesWithoutValues(url: String, fault: String) throws {
        let error = try #require(throws: PostgresConfiguration.Faults.self) { try PostgresConfiguration(url: url) }
        let text = error.lines.joined(separator: "; ")
        #expect(text.contains(fault))
        for part in ["hunt", "er2", "70000"] { #expect(!"\(error)\(text)".contains(part)) }
    }

    @Test func everyFaultIsListed() throws {
        let error = try #require(throws: PostgresConfiguration.Faults.self) {
            try PostgresConfiguration(host: "a b", port: "x", user: "", password: "p", database: "")
        }
        #expect(error.lines.count == 4)
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

    @Test func parametersOfTheStringReachLibpq() throws {
        let configuration = try PostgresConfiguration(
            url: "postgresql://app@db/app?connect_timeout=7&application_name=mine&options=-c%20work_mem%3D8MB"
        )
        func value(_ keyword: String) -> String? {
            configuration.connectionParameters.last { $0.keyword == keyword }?.value
        }
        #expect(configuration.connectLimit == .seconds(7))
        #expect(value("application_name") == "mine")
        #expect(value("client_encoding") == "UTF8")
        #expect(value("options") == "-c work_mem=8MB")
    }

    /// W51: PgBouncer rejects the startup parameter `options`, so this program does not send it.
    @Test func addsNoOptions() throws {
        let configuration = try PostgresConfiguration(url: "postgresql://app@db/app")
        for each in [configuration, configuration.forMigrations(waitingUpTo: nil)] {
            #expect(!each.connectionParameters.contains { $0.keyword == "options" })
        }
    }

    @Test("Hosts are tried in order, each with its port")
    func hosts() throws {
        func hosts(_ url: String) throws -> [PostgresHost] { try PostgresConfiguration(url: url).hosts }
        #expect(try hosts("dbname=app") == [PostgresHost()])
        #expect(
            try hosts("host=a,/run/pg port=5433") == [
                PostgresHost(name: "a", port: "5433"), PostgresHost(name: "/run/pg", port: "5433"),
            ]
        )
        #expect(
            try hosts("host=a,b hostaddr=10.0.0.1,10.0.0.2 port=1,2") == [
                PostgresHost(name: "a", address: "10.0.0.1", port: "1"),
                PostgresHost(name: "b", address: "10.0.0.2", port: "2"),
            ]
        )
        let preferring = try PostgresConfiguration(url: "host=a,b dbname=app target_session_attrs=prefer-standby")
        #expect(preferring.sessionAttributes == ["standby", "any"])
        #expect(try PostgresConfiguration(url: "host=a,b target_session_attrs=primary").sessionAttributes == [nil])
    }

    @Test("A name is resolved to all its addresses; an unknown name is an error")
    func resolving() throws {
        let found = try PostgresHost(name: "localhost", port: "5432").resolved()
        #expect(!found.isEmpty && found.allSatisfy { $0.name == "localhost" && $0.address != nil && $0.port == "5432" })
        #expect(try PostgresHost(name: "/run/pg").resolved() == [PostgresHost(name: "/run/pg")])
        let error = #expect(throws: PostgresError.self) { try PostgresHost(name: "nobody.invalid").resolved() }
        #expect(error?.detail.contains("nobody.invalid") == true)
    }
}
