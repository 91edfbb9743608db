import DosetteCore
import HTTPTypes

/// Why a page is not shown: one sentence that says what happened, and one that says what to do.
enum LaunchFailure: Error, Hashable, Sendable {
    /// The launch does not bear the hash of a clinic that we know.
    case notVerified
    case replayed
    /// The launch bears a valid hash and no id.
    case noObject
    case unknownSession
    case expired
    case disabled
    /// Provet knows no such thing.
    case absent(String)
    case forbidden(permission: String)
    case unreachable(seconds: Int?, isSending: Bool = false)
    case noSuchOrder
    /// A form that is not the one of this session, or was sent by another site's page.
    case foreignForm
    /// The request itself cannot be taken.
    case request(Problem)

    var status: HTTPResponse.Status {
        switch self {
        case .notVerified, .disabled, .forbidden, .foreignForm: .forbidden
        case .replayed: .conflict
        case .noObject: .badRequest
        case .expired: .gone
        case .unknownSession, .absent, .noSuchOrder: .notFound
        case .unreachable: .serviceUnavailable
        case .request(let problem): problem.kind.status
        }
    }

    var retryAfterSeconds: Int? {
        switch self {
        case .unreachable(let seconds, _): seconds ?? ServerLimits.provetRetrySeconds
        case .request(let problem): problem.retryAfterSeconds
        case .notVerified, .replayed, .noObject, .unknownSession, .expired, .disabled, .absent,
            .forbidden, .noSuchOrder, .foreignForm:
            nil
        }
    }

    var title: String {
        switch self {
        case .notVerified: "This launch is not valid"
        case .replayed: "This launch was used already"
        case .noObject: "The button sends no number"
        case .unknownSession: "This page is not known"
        case .expired: "This page has expired"
        case .disabled: "This clinic is held back"
        case .absent: "Not found in Provet"
        case .forbidden: "A permission is missing"
        case .unreachable: "Provet cannot be reached"
        case .noSuchOrder: "No such order"
        case .foreignForm: "This form is not valid"
        case .request(let problem): problem.kind.title
        }
    }

    /// What happened.
    var happened: String {
        switch self {
        case .notVerified:
            "The button's verification hash does not fit, so nobody knows that Provet sent you here."
        case .replayed:
            "The same launch was opened a few seconds ago, and each opens one page only."
        case .noObject: "The button's id parameter holds no number with the expected prefix."
        case .unknownSession: "The address of this page is incomplete or was changed."
        case .expired:
            "Pages that a button opens last for a short while only, and this one is over."
        case .disabled: "The pharmacy takes no orders of this clinic for now."
        case .absent(let what): "Provet knows no \(what) with this number any more."
        case .forbidden(let permission):
            "Provet does not let the pharmacy read this: its API user lacks the permission "
                + "“\(permission)”."
        case .unreachable(_, false):
            "The clinic's Provet did not answer, so nothing can be shown."
        case .unreachable(_, true): "The clinic's Provet did not answer, so nothing was sent."
        case .noSuchOrder: "There is no order of this client under this address."
        case .foreignForm: "The form does not belong to this page or was sent by another site."
        case .request(let problem): problem.detail
        }
    }

    /// What to do about it.
    var advice: String {
        switch self {
        case .notVerified:
            "Have somebody compare the salt, the hash and the address in Provet's settings of the "
                + "button with those that the pharmacy gave you."
        case .replayed: "Wait a moment and press the button in Provet again."
        case .noObject:
            "Have somebody compare the button's parameter name and prefix in Provet's settings with "
                + "those that the pharmacy gave you."
        case .unknownSession, .expired, .foreignForm: "Press the button in Provet again."
        case .disabled: "Call the pharmacy to learn when it takes them again."
        case .absent: "Check in Provet whether it was deleted or merged, and start from there."
        case .forbidden: "Ask the clinic's administrator to give it to the API user in Provet."
        case .unreachable(_, false): "Press the button in Provet again in a moment."
        case .unreachable(_, true):
            "Go back with your browser, where what you typed still stands, and send it again."
        case .noSuchOrder: "Press the button in Provet again to see all of the client's orders."
        case .request: "Go back and try again, or press the button in Provet again."
        }
    }

    /// The page; nothing on it can be pressed.
    func page(_ base: String, _ frame: Page.Frame) -> Page {
        Page(
            status: status,
            title: title,
            base: base,
            frame: frame,
            retryAfterSeconds: retryAfterSeconds,
            content: HTML(.section) {
                HTML(.h1) { title }
                HTML(.p) { happened }
                HTML(.p) { advice }
            }
        )
    }
}
