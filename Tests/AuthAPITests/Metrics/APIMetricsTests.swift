import Foundation
import Shared
import Testing

@testable import AuthAPI

/// E8: The metrics of the API.
@Suite struct APIMetricsTests {
    /// The value of a series, which the text must contain.
    private func value(_ series: String, in text: String) throws -> Double {
        let line = try #require(
            text.split(separator: "\n").first { $0.hasPrefix("\(series) ") },
            "\(series) is missing"
        )
        return try #require(Double(line.dropFirst(series.count + 1)))
    }

    @Test("E8 The metrics have requests, both queues, sessions and outdated hashes, and no personal data")
    func contents() async throws {
        try await TestAPI.with { api in
            let ada = try await api.registered(email: "ada@example.com")
            #expect(try await ada.get(APIPath.me).status == 200)
            _ = try await api.database.sql("UPDATE users SET password_hash = '$2b$04$' || repeat('a', 53)")
            let text = await api.app.metrics.registry.text()
            let route = #"method="POST",route="/api/auth/register",status="201""#
            #expect(try value("http_request_duration_seconds_count{\(route)}", in: text) == 1)
            #expect(try value("auth_hashing_wait_seconds_count", in: text) == 1)
            #expect(try value("auth_hashing_refused_total", in: text) == 0)
            #expect(try value("auth_database_wait_seconds_count", in: text) >= 2)
            #expect(try value("auth_database_connections", in: text) >= 1)
            #expect(try value("auth_sessions_live", in: text) == 1)
            #expect(try value("auth_passwords_outdated", in: text) == 1)
            #expect(try value("process_resident_memory_bytes", in: text) > 1_000_000)
            #expect(try value(#"build_info{program="AuthAPI",version="\#(Version.current)"}"#, in: text) == 1)
            #expect(!text.contains("ada") && !text.contains("127.0.0.1"))
        }
    }

    @Test("E8 Sign-ins and registrations are counted by outcome")
    func outcomes() async throws {
        try await TestAPI.with { api in
            let ada = try await api.registered(email: "ada@example.com")
            for password in ["Correct-Horse-7", "Correct-Horse-8", "Correct-Horse-9"] {
                _ = try await ada.post(APIPath.login, ["email": "ada@example.com", "password": password])
            }
            let text = await api.app.metrics.registry.text()
            #expect(try value(#"auth_registrations_total{outcome="ok"}"#, in: text) == 1)
            #expect(try value(#"auth_sign_ins_total{method="password",outcome="ok"}"#, in: text) == 1)
            #expect(try value(#"auth_sign_ins_total{method="password",outcome="invalid_credentials"}"#, in: text) == 2)
        }
    }

    @Test(
        "E8 Only hashes that the next sign-in would replace count as outdated",
        arguments: [
            ("$argon2id$v=19$m=8192,t=1,p=1$", 0), ("$argon2id$v=19$m=65536,t=3,p=1$", 0),
            ("$argon2id$v=19$m=8191,t=1,p=1$", 1), ("$argon2id$v=16$m=8192,t=1,p=1$", 1), ("garbage", 1),
        ]
    )
    func outdated(hash: String, count: Int) async throws {
        try await TestAPI.with { api in
            _ = try await api.registered()
            _ = try await api.database.sql("UPDATE users SET password_hash = '\(hash)c2FsdHNhbHRzYWx0c2FsdA$aGFzaA'")
            let text = await api.app.metrics.registry.text()
            #expect(try value("auth_passwords_outdated", in: text) == Double(count))
        }
    }

    @Test("E8 Counting hashes of another cost takes no longer than counting those of the configured one")
    func manyHashes() async throws {
        try await TestAPI.with { api in
            _ = try await api.database.sql(
                "INSERT INTO users (id, email, name) SELECT gen_random_uuid(), n || '@example.com', 'Ada' "
                    + "FROM generate_series(1, 10000) AS n"
            )
            func time(_ hash: String) async throws -> Duration {
                _ = try await api.database.sql("UPDATE users SET password_hash = '\(hash)c2FsdHNhbHRzYWx0$aGFzaA'")
                var times: [Duration] = []
                for _ in 0..<3 {
                    api.clock.advance(by: MetricsStore.maximumAge)
                    times.append(await ContinuousClock().measure { _ = await api.app.metrics.registry.text() })
                }
                return try #require(times.min())
            }
            let configured = try await time("$argon2id$v=19$m=8192,t=1,p=1$")
            #expect(try await time("$argon2id$v=19$m=65536,t=3,p=1$") < configured * 8)
        }
    }

    @Test("E8 W91 The metrics have the time of the last backup and drill, if there is one")
    func backups() async throws {
        try await TestAPI.with { api in
            let before = await api.app.metrics.registry.text()
            #expect(!before.contains("auth_backup_last_success_timestamp_seconds{"))
            _ = try await api.database.sql("INSERT INTO backup_status VALUES ('drill', to_timestamp(1764288000))")
            api.clock.advance(by: MetricsStore.maximumAge)
            let after = await api.app.metrics.registry.text()
            let series = "auth_backup_last_success_timestamp_seconds"
            #expect(try value(#"\#(series){kind="drill"}"#, in: after) == 1_764_288_000)
            #expect(!after.contains(#"\#(series){kind="backup"}"#))
        }
    }

    @Test("E8 Whole tables are counted at most once a minute")
    func counting() async throws {
        try await TestAPI.with { api in
            _ = try await api.registered(email: "one@example.com")
            _ = await api.app.metrics.registry.text()
            _ = try await api.registered(email: "two@example.com")
            let soon = await api.app.metrics.registry.text()
            #expect(try value("auth_sessions_live", in: soon) == 1)
            api.clock.advance(by: MetricsStore.maximumAge)
            let later = await api.app.metrics.registry.text()
            #expect(try value("auth_sessions_live", in: later) == 2)
            _ = try await api.registered(email: "three@example.com")
            api.clock.advance(by: -3600)
            let setBack = await api.app.metrics.registry.text()
            #expect(try value("auth_sessions_live", in: setBack) == 3)
        }
    }
}
