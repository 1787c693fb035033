import Shared

/// The document's description as the first part of the page: paragraphs, with `## ` before a title.
struct DocsGuide {
    /// One titled part.
    struct Topic {
        let title: String
        var anchor: String { "guide-\(HTMLText.anchor(title))" }
    }

    /// The titled parts, in order.
    let topics: [Topic]
    /// The whole text.
    let html: String

    /// Parses the description.
    init(text: String) {
        var topics: [Topic] = []
        var html = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") {
                let topic = Topic(title: String(line.dropFirst(3)))
                topics.append(topic)
                html += "<h2 id=\"\(topic.anchor)\">\(topic.title.escapedForHTML)</h2>\n"
            } else {
                html += HTMLText.paragraphs(String(line))
            }
        }
        self.topics = topics
        self.html = html
    }
}
