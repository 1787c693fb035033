/// A page with a form, which shows its errors after it was rejected.
protocol FormView: PageView {
    var errors: [FormError] { get set }
    /// The delay before a retry in seconds.
    var retryAfter: Int? { get set }
}

extension FormView {
    var hasFailed: Bool { !errors.isEmpty }
    var summary: SummaryView? { SummaryView(errors: errors, retryAfter: retryAfter) }
}
