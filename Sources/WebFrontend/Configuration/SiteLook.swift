import Shared

/// The appearance of the pages that settings can change.
struct SiteLook: Sendable {
    /// The name of the site.
    var name = SiteName.standard
    /// Replaces the mark and the name in the header of every page.
    var logo: SiteImage?
    /// The icon of the browser's tab and, without a logo, the mark beside the name.
    var icon: SiteImage?
    /// The color of links and buttons.
    var color: SiteColor?
    /// The operator's own pages.
    var links = SiteLinks()
    /// The operator's own texts.
    var texts = SiteTexts()

    /// The look of a site without settings.
    init() {}

    /// Reads the settings; faults are left in the reader.
    init(from reader: inout SettingsReader, name: SiteName) {
        self.name = name
        logo = SiteImage(.siteLogo, from: &reader, as: [.svg, .png, .webp, .jpeg], limit: SiteImage.maximumLogo)
        icon = SiteImage(.siteIcon, from: &reader, as: [.svg, .png, .ico], limit: SiteImage.maximumIcon)
        color = SiteColor(from: &reader)
        links = SiteLinks(from: &reader)
        texts = SiteTexts(from: &reader)
    }
}
