import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteStore
import DosetteTesting
import Testing

@Suite("Whose turn it is", .timeLimit(.minutes(1)))
struct FairnessTests {
    private func world(
        places: Int,
        _ performer: ScriptedPerformer = ScriptedPerformer(),
        callsPerMinute: Int? = nil
    ) -> EngineWorld {
        let clinics = [
            Pharmacy.clinic(Pharmacy.north, callsPerMinute: callsPerMinute),
            Pharmacy.clinic(Pharmacy.south, callsPerMinute: callsPerMinute),
        ]
        let configuration = Pharmacy.configuration(clinics: clinics) {
            $0.limits.callsInFlight = places
        }
        return Pharmacy.world(configuration, performer: performer)
    }

    @Test(arguments: [1, 3, 8])
    func `never more calls are out than there are places`(places: Int) async throws {
        let world = world(places: places)
        world.performer.always(Action.create, .hangs)
        try await world.live { life in
            for number in 1...20 { try await life.submit(Slip(id: "HD-\(number)")) }
            for _ in 1...20 {
                try life.settle()
                #expect(world.performer.hangingCount(Action.create) <= places)
                #expect(life.engine.runningCount <= places)
                world.performer.release(Action.create)
            }
            try life.settle()
            #expect(life.engine.runningCount == 0)
        }
        #expect(world.performer.attempts(Action.create).count == 20)
        #expect(world.performer.flyingMaximum == places)
    }

    @Test func `urgent orders go before normal ones`() async throws {
        let world = world(places: 1)
        world.performer.always(Action.create, .hangs)
        try await world.live { life in
            for number in 1...5 { try await life.submit(Slip(id: "normal-\(number)")) }
            for number in 1...3 {
                try await life.submit(Slip(id: "urgent-\(number)", priority: .urgent))
            }
            try await world.drainHanging(life)
        }
        let order = world.performer.attempts(Action.create).map(\.order.orderID)
        #expect(order.prefix(3) == ["urgent-1", "urgent-2", "urgent-3"])
        #expect(order.dropFirst(3) == ["normal-1", "normal-2", "normal-3", "normal-4", "normal-5"])
    }

    @Test func `a clinic with a flood does not hold up the other one`() async throws {
        let world = world(places: 2)
        world.performer.always(Action.create, .hangs)
        try await world.live { life in
            for number in 1...30 {
                try await life.submit(Slip(id: "flood-\(number)", client: number))
            }
            for number in 1...5 {
                try await life.submit(
                    Slip(id: "south-\(number)", clinic: Pharmacy.south, client: number)
                )
            }
            try await world.drainHanging(life)
        }
        let order = world.performer.attempts(Action.create).map(\.order.orderID)
        let last = try #require(order.lastIndex { $0.hasPrefix("south") })
        #expect(order.count == 35)
        #expect(last < 12, "the other clinic's orders were created as \(order.prefix(last + 1))")
    }

    @Test func `places that one lane leaves free are taken by another at once`() async throws {
        let world = world(places: 16)
        world.performer.always(Action.create, .hangs)
        try await world.live { life in
            for number in 1...15 {
                try await life.submit(Slip(id: "north-\(number)", client: number))
            }
            try await life.submit(Slip(id: "south", clinic: Pharmacy.south))
            try life.advance(by: .milliseconds(50))
            #expect(world.performer.hangingCount(Action.create) == 16)
            try await world.drainHanging(life)
        }
    }

    @Test func `a spent budget holds back its clinic and its action, nothing else`() async throws {
        let endpoint = Endpoint(name: "create", limitPerMinute: 300)
        let performer = ScriptedPerformer(
            ScriptedPerformer.homeDelivery(calls: [Action.create: [EndpointUse(endpoint)]])
        )
        let world = world(places: 64, performer, callsPerMinute: 5)
        try await world.live { life in
            for number in 1...12 { try await life.submit(Slip(id: "HD-\(number)")) }
            try await life.submit(Slip(id: "south", clinic: Pharmacy.south))
            try life.settle()
            #expect(performer.attempts(Action.create).count == 6)
            #expect(try await life.order(Slip(id: "south")).prescription == .sent)
            #expect(try await life.order(Slip(id: "HD-5")).prescription == .sent)
            #expect(try await life.order(Slip(id: "HD-6")).prescription == .draft)
            try life.advance(by: .milliseconds(60_999))
            #expect(performer.attempts(Action.create).count == 6)
            try life.advance(by: .milliseconds(1))
            #expect(performer.attempts(Action.create).count == 11)
            try life.advance(by: .seconds(61))
            #expect(performer.attempts(Action.create).count == 13)
        }
    }

    @Test func `an action that needs more calls than a minute has still gets its turn`()
        async throws
    {
        let endpoint = Endpoint(name: "create", limitPerMinute: 300)
        let performer = ScriptedPerformer(
            ScriptedPerformer.homeDelivery(calls: [Action.create: [EndpointUse(endpoint, 3)]])
        )
        let world = world(places: 4, performer, callsPerMinute: 2)
        try await world.live { life in
            try await life.submit()
            try await life.submit(Slip(id: "HD-2"))
            try life.settle()
            #expect(performer.attempts(Action.create).count == 1)
            try life.advance(by: .seconds(61))
            #expect(performer.attempts(Action.create).count == 2)
        }
    }

    @Test func `a clinic that does not answer rests, and one call looks whether it is back`()
        async throws
    {
        let world = world(places: 64)
        let away = EffectProtocol.Outcome.notProcessed(retryAfter: nil, reason: "no connection")
        world.performer.always(Action.create, .answers(away))
        try await world.live { life in
            for number in 1...30 { try await life.submit(Slip(id: "HD-\(number)")) }
            try life.settle()
            let first = world.performer.attempts(Action.create).count
            #expect(first == 30, "all were out before the first answer came")
            #expect(life.engine.openBreakers().map(\.clinic) == [Pharmacy.north])
            world.performer.always(Action.create, .hangs)
            try life.advance(by: .milliseconds(14_999))
            #expect(world.performer.attempts(Action.create).count == first)
            try life.advance(by: .milliseconds(1))
            #expect(world.performer.attempts(Action.create).count == first + 1)
            #expect(life.engine.openBreakers().count == 1)
            world.performer.always(Action.create, .answers(.confirmed(Receipt(["id": 1]))))
            world.performer.release(Action.create)
            try life.advance(by: .seconds(1))
            #expect(life.engine.openBreakers().isEmpty)
            for number in 1...30 {
                #expect(try await life.order(Slip(id: "HD-\(number)")).prescription == .sent)
            }
        }
    }

    @Test func `a trial whose intent meets a conflict does not silence the clinic for ever`()
        async throws
    {
        let configuration = Pharmacy.configuration { $0.limits.breakerFailures = 1 }
        let world = Pharmacy.world(configuration)
        let away = EffectProtocol.Outcome.notProcessed(retryAfter: nil, reason: "no connection")
        world.performer.script(Action.create, .answers(away))
        try await world.live { life in
            try await life.submit()
            try life.settle()
            life.connection.judgeFirst(.fails(.conflict)) { $0.intends(Action.create) }
            try life.advance(by: .minutes(3))
            #expect(world.performer.attempts(Action.create).count == 2)
            #expect(try await life.order().prescription == .sent)
        }
    }
}

extension EngineWorld {
    /// Lets every create that hangs succeed, one round after the other.
    fileprivate func drainHanging(_ life: EngineLife) async throws {
        try life.settle()
        while performer.hangingCount(Action.create) > 0 {
            performer.release(Action.create)
            try life.settle()
        }
    }
}
