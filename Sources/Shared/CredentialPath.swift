/// The paths whose POST requests check or set a password.
///
/// nginx limits these by client (`docker/nginx/credential-paths.conf`). Tests compare that file and every form and API
/// schema with a password field with this list.
public enum CredentialPath {
    /// Paths of the API.
    public static let api = [APIPath.login, APIPath.register, APIPath.password, APIPath.deletion, APIPath.recover]
    /// Paths of the pages.
    public static let pages = [
        PagePath.login, PagePath.register, PagePath.password, PagePath.deletion, PagePath.recover,
    ]
}
