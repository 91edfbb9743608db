import DosetteCore
import DosetteTesting
import Testing

/// Equality of first events is written by hand: no member may be left out of it.
@Suite struct ReceivedEqualityTests {
    private static let usual = StoreSamples.received(EventSamples.key)

    private static let changed: [(member: String, value: Received)] = [
        ("key", copy(key: OrderKey(source: "webshop", orderID: "another") ?? usual.key)),
        ("clinic", copy(clinic: "another")),
        ("priority", copy(priority: .urgent)),
        ("clientID", copy(clientID: 99)),
        ("prescription", copy(prescription: [:])),
        ("delivery", copy(delivery: [:])),
        ("contentDigest", copy(contentDigest: "another")),
        ("workflowName", copy(workflowName: "another")),
        ("workflowVersion", copy(workflowVersion: 99)),
        ("workflowDigest", copy(workflowDigest: "another")),
        ("marker", copy(marker: "another")),
        ("charging", copy(charging: .nothing)),
        ("plan", copy(plan: RepeatPlan(items: [], issueDay: usual.plan.issueDay))),
        ("expiresAt", copy(expiresAt: Timestamp(milliseconds: 0))),
        ("subject", copy(subject: "another")),
        ("personal", copy(personal: ["/prescription/remarks"])),
    ]

    @Test func `two of them differ as soon as one member does`() {
        #expect(Self.copy() == Self.usual)
        for (member, value) in Self.changed {
            #expect(value != Self.usual, "\(member) is not compared")
        }
    }

    @Test func `every member is looked at`() {
        let members = Mirror(reflecting: Self.usual).children.compactMap(\.label)
        #expect(members.sorted() == Self.changed.map(\.member).sorted())
    }

    private static func copy(
        key: OrderKey = usual.key,
        clinic: String = usual.clinic,
        priority: Priority = usual.priority,
        clientID: Int = usual.clientID,
        prescription: JSONObject = usual.prescription,
        delivery: JSONObject? = usual.delivery,
        contentDigest: String = usual.contentDigest,
        workflowName: String = usual.workflowName,
        workflowVersion: Int = usual.workflowVersion,
        workflowDigest: String = usual.workflowDigest,
        marker: String = usual.marker,
        charging: FeeLifecycle.Charging = usual.charging,
        plan: RepeatPlan = usual.plan,
        expiresAt: Timestamp = usual.expiresAt,
        subject: String? = usual.subject,
        personal: [String] = usual.personal
    ) -> Received {
        Received(
            key: key,
            clinic: clinic,
            priority: priority,
            clientID: clientID,
            prescription: prescription,
            delivery: delivery,
            contentDigest: contentDigest,
            workflowName: workflowName,
            workflowVersion: workflowVersion,
            workflowDigest: workflowDigest,
            marker: marker,
            charging: charging,
            plan: plan,
            expiresAt: expiresAt,
            subject: subject,
            personal: personal
        )
    }
}
