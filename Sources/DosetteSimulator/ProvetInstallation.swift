/// One clinic's Provet, as a value: no clock, no network, no chance but its seed.
///
/// A request passes these gates, in this order: path, token, rights, method, budget, faults,
/// and then the rule of the resource. Time never goes back between two calls.
struct ProvetInstallation: Sendable {
    /// The virtual user in whose name API clients act.
    static let apiUser = 900

    let name: String
    /// The place among the installations of the simulator.
    let place: Int
    let configuration: SimulatorConfiguration

    var random: SimulatedRandom
    var tokens = AccessTokens()
    private var windows: [WindowKey: RateWindow] = [:]

    var prescriptions = Table<PrescriptionRow>(firstID: 1001)
    var prescriptionItems = Table<PrescriptionItemRow>(firstID: 5001)
    var sales = Table<SaleRow>(firstID: 2001)
    var saleItems = Table<SaleItemRow>(firstID: 6001)
    var invoices = Table<InvoiceRow>(firstID: 3001)
    var payments = Table<PaymentRow>(firstID: 4001)
    var webhooks = Table<WebhookRow>(firstID: 7001)
    var integrations = Table<IntegrationRow>(firstID: 7501)
    var deliveryOrders = Table<DeliveryOrderRow>(firstID: 8001)
    var deliveryItems = Table<DeliveryItemRow>(firstID: 9001)
    var register: ClinicRegister
    /// The settings of each department.
    var settings: [Int: DepartmentSettings] = [:]
    /// Clients of the API that get a token here and nowhere else.
    var ownCredentials: [SimulatorConfiguration.Credentials] = []

    private struct WindowKey: Hashable {
        let user: String
        let operation: Operation
    }

    /// Creates an installation in which nothing has happened.
    ///
    /// - Parameters:
    ///   - name: The `provet_id` in its URLs.
    ///   - place: Its place among the installations of the simulator.
    ///   - configuration: How the simulator is set up.
    init(name: String, place: Int, configuration: SimulatorConfiguration) {
        self.name = name
        self.place = place
        self.configuration = configuration
        random = SimulatedRandom(seed: configuration.seed, installation: name)
        register = ClinicRegister(configuration)
        let feeItem = configuration.prescriptionFeeItem.map { FeeItemSetting.one($0) } ?? .none
        for department in configuration.departments {
            settings[department] = DepartmentSettings(feeItem: feeItem)
        }
    }

    /// Answers `request`, and does what it asks for.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - now: The time, in UTC milliseconds.
    ///   - world: What the installations share.
    /// - Returns: What comes back, and when.
    mutating func handle(
        _ request: SimulatedRequest,
        now: Int64,
        in world: inout SharedWorld
    ) -> SimulatedReply {
        do throws(Refusal) {
            switch Route(request.path) {
            case .nowhere: throw Refusal.notFound
            case .missesSlash: throw movedToSlash(request)
            case .token: return signIn(request, now: now, in: &world)
            case .resource(let resource):
                let call = try admit(request, to: resource, now: now, in: world)
                return carryOut(call, in: &world)
            }
        } catch {
            return SimulatedReply(delayMilliseconds: 0, outcome: .respond(error.answer))
        }
    }

    private func movedToSlash(_ request: SimulatedRequest) -> Refusal {
        let items = request.query.map {
            PercentCoding.encode($0.name) + "=" + PercentCoding.encode($0.value)
        }
        let query = items.isEmpty ? "" : "?" + items.joined(separator: "&")
        let root = Links(host: request.host, installation: name).root
        let location = SimulatedAnswer.Header("Location", root + request.path + "/" + query)
        return Refusal(SimulatedAnswer(status: 301, headers: [location]))
    }
}

// MARK: - The gates

extension ProvetInstallation {
    private mutating func admit(
        _ request: SimulatedRequest,
        to resource: Route.Resource,
        now: Int64,
        in world: SharedWorld
    ) throws(Refusal) -> Call {
        let user = try user(of: request, now: now)
        // Rights belong to the resource, whatever the method.
        if let permission = resource.methods[0].operation.permission,
            world.permissionsMissing.contains(permission)
        {
            throw .forbidden
        }
        guard let operation = resource.operation(of: request.method) else {
            throw methodNotAllowed(request.method, resource.allowed)
        }
        try spendBudget(of: user, for: operation, request, now: now)
        return Call(
            request: request,
            operation: operation,
            id: resource.id,
            now: now,
            links: Links(host: request.host, installation: name)
        )
    }

    private func user(of request: SimulatedRequest, now: Int64) throws(Refusal) -> String {
        do {
            return try tokens.user(request.authorization, now: now)
        } catch {
            throw Self.unauthorized(error)
        }
    }

    static func unauthorized(_ failure: AccessTokens.Failure) -> Refusal {
        let detail =
            switch failure {
            case .missing: "Authentication credentials were not provided."
            case .unknown: "Invalid token."
            case .expired: "Token has expired."
            }
        let challenge = SimulatedAnswer.Header("WWW-Authenticate", "Bearer realm=\"api\"")
        return Refusal(SimulatedAnswer(status: 401, detail: detail, headers: [challenge]))
    }

    private func methodNotAllowed(_ method: String, _ allowed: String) -> Refusal {
        Refusal(
            SimulatedAnswer(
                status: 405,
                detail: "Method \"\(method)\" not allowed.",
                headers: [.init("Allow", allowed)]
            )
        )
    }

    private mutating func spendBudget(
        of user: String,
        for operation: Operation,
        _ request: SimulatedRequest,
        now: Int64
    ) throws(Refusal) {
        let key = WindowKey(user: user, operation: operation.budget)
        let wait = windows[key, default: RateWindow()].spend(
            operation.isList ? PageNumbers(request.query).cost : 1,
            limit: configuration.limitsPerMinute ?? operation.limitPerMinute,
            now: now
        )
        if let wait { throw Refusal(Self.throttled(seconds: wait)) }
    }

    static func throttled(seconds: Int64) -> SimulatedAnswer {
        SimulatedAnswer(
            status: 429,
            detail: "Request was throttled. Expected available in \(seconds) seconds.",
            headers: [.init("Retry-After", String(seconds))]
        )
    }
}
