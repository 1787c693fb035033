import Testing

@testable import Shared

/// W74: Names that look like settings.
@Suite struct UnknownSettingsTests {
    private func names(_ environment: [String: String]) -> [String] {
        UnknownSettings.warnings(in: environment).map { String($0.prefix { $0 != " " }) }
    }

    @Test(
        "W74: A typing error is reported with the intended name",
        arguments: [
            ("SECRT_KEY", "SECRET_KEY"), ("DATABSE_URL", "DATABASE_URL"), ("API_PROT", "API_PORT"),
            ("SECRET_KEY_FIEL", "SECRET_KEY_FILE"), ("SECRET_KEY_PREVIUS", "SECRET_KEY_PREVIOUS"),
            ("GOOGLE_CLIENTID", "GOOGLE_CLIENT_ID"), ("TRUSTED_PROXYS", "TRUSTED_PROXIES"), ("PUBLC_URL", "PUBLIC_URL"),
            ("ALOWED_ORIGIN", "ALLOWED_ORIGINS"), ("secret_key", "SECRET_KEY"), ("LOG_LEVL", "LOG_LEVEL"),
            ("OIDC_1_ISSUER", "OIDC_ISSUER"), ("OIDC_2_ISUER", "OIDC_2_ISSUER"),
            ("OIDC_CLIENT_SECERT", "OIDC_CLIENT_SECRET"),
            ("POSTGRES_PASWORD", "POSTGRES_PASSWORD"), ("HASHING_THREAD", "HASHING_THREADS"),
        ]
    )
    func typed(name: String, meant: String) {
        #expect(
            UnknownSettings.warnings(in: [name: "hush-hush"]) == ["\(name) is not a setting; did you mean \(meant)?"]
        )
    }

    @Test(
        "W74: A file for a setting that is not a secret, and an unknown name with our prefix, are reported",
        arguments: [
            "POSTGRES_USER_FILE", "GOOGLE_CLIENT_ID_FILE", "API_HOST_FILE", "POSTGRES_DATABASE", "DATABASE_HOST",
            "LOGIN_LIMIT", "REGISTRATION_MODE", "GOOGLE_SECRET", "OIDC_10_ISSUER", "OIDC_2_ISSUER_FILE", "OIDC_GROUPS",
        ]
    )
    func reported(name: String) { #expect(names([name: "x"]) == [name]) }

    @Test("W74: Names of Compose, Kubernetes, libpq, shells and images, and our own, are not reported")
    func quiet() {
        let environment = [
            "API_PORT_8000_TCP": "tcp://10.0.0.1:8000", "API_PORT_8000_TCP_ADDR": "10.0.0.1",
            "API_PORT_8000_TCP_PORT": "8000", "API_PORT_8000_TCP_PROTO": "tcp", "API_SERVICE_HOST": "10.0.0.1",
            "API_SERVICE_PORT": "8000", "API_SERVICE_PORT_HTTP": "8000", "POSTGRES_PORT_5432_TCP_ADDR": "10.0.0.2",
            "POSTGRES_SERVICE_HOST": "10.0.0.2", "POSTGRES_NAME": "/backend/postgres", "POSTGRES_ENV_PG_MAJOR": "17",
            "FRONTEND_PORT_3000_TCP": "tcp://10.0.0.3:3000", "BACKEND_PORT": "tcp://10.0.0.4:8000",
            "KUBERNETES_SERVICE_HOST": "10.0.0.5", "KUBERNETES_PORT": "tcp://10.0.0.5:443", "PGHOST": "db",
            "PGUSER": "x",
            "PGPASSFILE": "/x", "LANG": "C", "LC_ALL": "C", "PATH": "/bin", "HOME": "/", "HOSTNAME": "abc", "PWD": "/",
            "SHLVL": "1", "TERM": "xterm", "TZ": "UTC", "USER": "x", "LOGNAME": "x", "COMPOSE_PROJECT_NAME": "x",
            "DOCKER_HOST": "unix:///x", "POSTGRES_INITDB_ARGS": "-x", "POSTGRES_HOST_AUTH_METHOD": "scram-sha-256",
            "GOOGLE_APPLICATION_CREDENTIALS": "/x", "GOOGLE_CLOUD_PROJECT": "x", "NGINX_VERSION": "1.28",
            "NO_PROXY": "*",
            "HTTPS_PROXY": "http://x", "SSL_CERT_FILE": "/x", "MALLOC_ARENA_MAX": "2", "TEST_DATABASE_URL": "x",
            "APP_NAME": "x", "API_KEY": "x", "SECRT_KEY": "", "OUTPUT": "x", "NIO_SINGLETON_GROUP_LOOP_COUNT": "2",
        ]
        #expect(names(environment).isEmpty)
        let ours =
            SettingName.allCases.flatMap { name in name.numbers.map { name.variable(number: $0) } } + [
                "SECRET_KEY_FILE", "TRUSTED_PROXIES", "BACKEND_MEMORY", "OIDC_9_CLIENT_SECRET_FILE",
            ]
        #expect(ours.contains("OIDC_9_CA_FILE") && !ours.contains("OIDC_1_ISSUER"))
        #expect(names(Dictionary(uniqueKeysWithValues: ours.map { ($0, "x") })).isEmpty)
    }

    @Test("W74: No two of our names are so similar that one could be reported for the other")
    func distances() {
        #expect(UnknownSettings.distance(Array("abcd".utf8), Array("abdc".utf8)) == 1)
        #expect(UnknownSettings.distance(Array("abc".utf8), Array("abc".utf8)) == 0)
        #expect(UnknownSettings.distance(Array("abc".utf8), Array("axcd".utf8)) == 2)
        #expect(UnknownSettings.distance(Array("".utf8), Array("ab".utf8)) == 2)
    }
}
