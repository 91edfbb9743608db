import DosetteAudit
import DosetteAuditFiles
import DosetteCore
import DosetteEngine
import DosetteTesting
import Testing

@testable import DosetteAuditPackage

@Suite("The auditor's package")
struct AuditPackageTests {
    private func order(_ events: [(OrderEvent, Actor, String?)]) throws -> PackageContents.Order {
        let key = try #require(OrderKey(text: "webshop/HD-1"))
        let received = OrderEvent.received(StoreSamples.received(key))
        let all = [(received, Actor(.source, name: "webshop"), nil)] + events
        return PackageContents.Order(
            key: key,
            events: all.enumerated().map { number, event in
                PackageContents.Order.Event(
                    index: UInt64(10 + number),
                    fact: Fact(
                        event: event.0,
                        at: StoreSamples.start.advanced(by: .seconds(Int64(number))),
                        actor: event.1,
                        reason: event.2
                    )
                )
            }
        )
    }

    private func effect(_ event: EffectProtocol.Event, number: Int = 1) -> OrderEvent {
        .effect(
            EffectEvent(
                number: number,
                part: "prescription",
                action: "provet.create_prescription",
                purpose: .action,
                event: event,
                requestDigest: nil
            )
        )
    }

    private func parked() -> OrderEvent {
        .parked(
            Parked(
                part: "prescription",
                kind: .inDoubt,
                step: "provet.create_prescription",
                purpose: .action,
                reason: "nobody knows"
            )
        )
    }

    @Test func `a doubt has its beginning and its end`() throws {
        let later = StoreSamples.start.advanced(by: .seconds(60))
        let maija = Actor(.person, name: "Maija")
        let story = try order([
            (effect(.becameUnknown(probeAt: later, reason: "cut")), .dosette, nil),
            (effect(.absent(count: 1, nextAt: later)), .dosette, nil),
            (effect(.inDoubt(reason: "nobody knows")), .dosette, nil),
            (parked(), .dosette, nil),
            (.unparked(part: "prescription", by: .giveUp), maija, "asked the clinic"),
            (effect(.givenUp), maija, nil),
            (effect(.becameUnknown(probeAt: later, reason: "cut"), number: 2), .dosette, nil),
        ])
        let doubts = Doubt.all(in: story)
        #expect(doubts.map(\.index) == [11, 14, 17])
        #expect(doubts.map { $0.settled?.index } == [16, 15, nil])
        #expect(doubts[1].settled?.line.who == "Maija")
        #expect(doubts[1].settled?.line.why == "asked the clinic")
    }

    @Test func `the page has everything and runs nothing`() throws {
        let mallory = "<script>alert('1')</script>\u{202E}"
        let story = try order([
            (parked(), .dosette, nil),
            (
                .unparked(part: "prescription", by: .retry), Actor(.person, name: mallory),
                "\"quoted\" & so on"
            ),
        ])
        var contents = PackageContents(selection: .order(story.key))
        contents.orders = [story]
        contents.entries = story.events.map { ($0.index, [1]) } + [(3, [2])]
        contents.definitions = [("home_delivery-1.yaml", "text")]
        let signer = try NoteSigner(name: "dosette.test/log")
        let note = try Checkpoint(origin: signer.name, size: 20, root: .leaf([]))
            .signed(by: [signer])
        let page = PackageReport(
            contents,
            note: note,
            keys: [signer.verifier],
            verdict: AuditVerdict()
        ).html
        #expect(page.contains("All 4 entries are proved"))
        #expect(page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"))
        #expect(page.contains("&quot;quoted&quot; &amp; so on"))
        #expect(page.contains(signer.verifier.text.replacing("+", with: "+")))
        #expect(
            page.contains("entries/12.json") && page.contains("definitions/home_delivery-1.yaml")
        )
        for banned in ["<script", "http:", "https:", "src=", "\u{202E}", "@import", "url("] {
            #expect(!page.contains(banned), "\(banned)")
        }
    }
}
