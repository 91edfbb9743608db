import DosetteCore
package import DosetteEngine

/// What was not certain in an order's history, and how it came to an end.
package struct Doubt: Hashable {
    /// The index of the event with which it began.
    package let index: UInt64
    package let since: OrderStory.Line
    /// How it was settled; nothing while it is open.
    package var settled: Settlement?

    package struct Settlement: Hashable {
        package let index: UInt64
        package let line: OrderStory.Line
    }

    /// What can be uncertain.
    private enum Subject: Hashable {
        case effect(Int)
        case part(String)
    }

    /// Finds them in the order in which they began.
    package static func all(in order: PackageContents.Order) -> [Doubt] {
        var doubts: [Doubt] = []
        var open: [Subject: Int] = [:]
        for event in order.events {
            let line = OrderStory.line(event.fact)
            if let subject = settles(event.fact.event), let place = open[subject] {
                doubts[place].settled = Settlement(index: event.index, line: line)
                open[subject] = nil
            }
            if let subject = begins(event.fact.event), open[subject] == nil {
                open[subject] = doubts.count
                doubts.append(Doubt(index: event.index, since: line))
            }
        }
        return doubts
    }

    private static func begins(_ event: OrderEvent) -> Subject? {
        switch event {
        case .parked(let parked): .part(parked.part)
        case .effect(let effect):
            switch effect.event {
            case .becameUnknown, .inDoubt: .effect(effect.number)
            case .intended, .confirmed, .adopted, .refused, .conflicted, .postponed, .absent,
                .probeFailed, .exhausted, .resumed, .givenUp:
                nil
            }
        case .received, .entered, .signaled, .unparked, .turnedBack, .reminded, .observed,
            .dispensed, .dispenseReversed, .noticed, .asked:
            nil
        }
    }

    private static func settles(_ event: OrderEvent) -> Subject? {
        switch event {
        case .unparked(let part, _): .part(part)
        case .effect(let effect):
            switch effect.event {
            case .confirmed, .adopted, .refused, .conflicted, .exhausted, .givenUp:
                .effect(effect.number)
            case .intended, .postponed, .becameUnknown, .absent, .probeFailed, .inDoubt, .resumed:
                nil
            }
        case .received, .entered, .signaled, .parked, .turnedBack, .reminded, .observed,
            .dispensed, .dispenseReversed, .noticed, .asked:
            nil
        }
    }
}
