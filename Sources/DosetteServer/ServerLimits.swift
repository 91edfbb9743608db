import DosetteCore
import NIOCore

/// How much a caller may send, and how long it may take: every limit of the HTTP API.
enum ServerLimits {
    // MARK: Bytes

    /// The body of a signal, a dispense or a reversal.
    static let callBytesMaximum = 16 * 1024
    /// The body of a proposal, which may name many orders.
    static let proposalBytesMaximum = 64 * 1024
    /// The body of a batch; its lines are orders, each with an order's limit.
    static let batchBytesMaximum = 64 * 1024 * 1024
    /// The query or the form of a launch.
    static let launchBytesMaximum = 8 * 1024
    /// The form of a prescription, percent-encoded.
    static let formBytesMaximum = 192 * 1024
    /// The body of a webhook, which says no more than what may have changed.
    static let hookBytesMaximum = 4 * 1024
    /// All header fields of one request.
    static let headerBytesMaximum = 16 * 1024
    static let headerCountMaximum = 64
    /// Method and path of a call whose answer is kept.
    static let scopeBytesMaximum = 500
    /// A piece of the journal's copy.
    static let backupPieceBytes = 256 * 1024
    /// A body from which on sending it is timed.
    static let timedAnswerBytes = 64 * 1024

    // MARK: Time

    /// From the connection, or the answer before, until a request's head is there; and between
    /// two pieces of a body.
    static let idleTime = TimeAmount.seconds(30)
    /// From a request's head until its body is there.
    static let bodyTime = TimeAmount.seconds(30)
    /// A batch from its first byte to its last answer.
    static let batchTime = TimeAmount.minutes(30)
    /// From the last word about a batch, when the server stops, until the answer's end: the caller
    /// reads the word and stops sending.
    static let hearingTime = TimeAmount.seconds(2)
    /// Following an order live; the page asks anew then.
    static let followingTime = TimeAmount.minutes(10)
    /// Following the journal; a program goes on where it was by asking anew.
    static let feedTime = TimeSpan.minutes(60)
    /// Between two signs of life of the feed.
    static let feedBeat = TimeSpan.seconds(15)
    /// Between the end of an answer of the feed and the next call, as its reader is told.
    static let feedRetryMilliseconds = 2_000
    /// Seconds that a call of the feed may wait for an entry.
    static let feedWaits = 0...60
    /// Between two signs of life of a page that is followed.
    static let beatTime = TimeAmount.seconds(15)
    /// Sending a copy of the journal.
    static let backupTime = TimeAmount.minutes(30)
    /// Sending an answer that is long.
    static let answerTime = TimeAmount.seconds(60)

    // MARK: Counts

    /// Calls of one token a second, in the long run and after a pause.
    static let callsPerSecond = 5_000
    static let callsAtOnce = 10_000

    static let connectionsMaximum = 1_024
    /// Lines of a batch that are on their way into the journal at once: one group commit.
    static let batchWindow = 64
    static let listLimits = 1...1_000
    static let listLimitDefault = 100
    /// Broken rules that one answer names.
    static let errorsMaximum = 1_000

    static let launchPairsMaximum = 32
    static let formPairsMaximum = 512
    static let hookPairsMaximum = 16
    /// Launches that are remembered against their replay.
    static let replaysMaximum = 10_000
    /// A client's orders that its page shows.
    static let earlierOrdersMaximum = 20
    /// Lines of an order's story that its page shows, the newest.
    static let storyLinesMaximum = 200
    static let followersMaximum = 256
    static let followersOfSessionMaximum = 4
    /// Changes that a slow follower may lag behind before older ones are left out.
    static let followingLag = 16
    /// Hints of one clinic that are taken in a second; more are dropped, for polling finds what they say.
    static let hintsPerSecond = 50

    /// Pages of one session of the console a second, in the long run and after a pause.
    static let pagesPerSecond = 20
    static let pagesAtOnce = 100
    static let consolePairsMaximum = 2_000
    /// Parked orders on one page of the console, and proposals that are decided already.
    static let parkedOnPage = 200
    static let oldProposalsMaximum = 100
    /// Between two looks for changes that a page is told of, and after how many looks it asks anew.
    static let consoleLookInterval = Duration.seconds(1)
    static let consoleLooksMaximum = 600
    static let consoleLooksOfBeat = 15
    /// Entries of the journal in one page of the feed.
    static let feedLimits = 1...1_000
    static let feedLimitDefault = 100
    /// Programs that follow the journal at once, or wait for it.
    static let feedFollowersMaximum = 64

    // MARK: Text

    /// Orders on one page of the console's search, and the length of what is searched for.
    static let ordersOnPage = 50
    static let searchBytes = 1...100
    /// What the first page shows of what ends soon, and of clinics.
    static let expiringOnPage = 10
    static let expiringTime = TimeSpan.days(14)
    static let clinicsOnFirstPage = 20
    /// Clinics on one page, and checkpoints.
    static let clinicsOnPage = 100
    static let checkpointsOnPage = 50
    /// Where somebody wants to go after signing in.
    static let nextBytes = 1...2_000

    static let reasonBytes = 1...1_000
    static let personBytes = 1...200
    static let stepBytes = 1...200
    static let batchNameBytes = 1...200

    // MARK: Seconds until a caller should ask again

    static let queueRetrySeconds = 5
    static let diskRetrySeconds = 60
    static let storeRetrySeconds = 5
    static let provetRetrySeconds = 10
    static let stoppingRetrySeconds = 10
    static let contendedRetrySeconds = 1
    static let backupRetrySeconds = 60
}
