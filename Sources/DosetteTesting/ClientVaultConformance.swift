import DosetteCore
import DosetteKeys
package import DosetteStore
import Testing

/// Every promise of ``ClientVault``, checked on one implementation.
package struct ClientVaultConformance: Sendable {
    private let makeVault: @Sendable () async throws -> any ClientVault
    private static let now = Timestamp(milliseconds: 1_755_691_200_000)
    private static let client = ClientName(clinic: "a", id: 7)

    /// - Parameter makeVault: Makes an empty vault.
    package init(_ makeVault: @escaping @Sendable () async throws -> any ClientVault) {
        self.makeVault = makeVault
    }

    /// Checks all of them.
    package func verify() async throws {
        try await checkSubjects()
        try await checkSealing()
        try await checkDestroying()
        try await checkRetiring()
    }

    private func checkSubjects() async throws {
        let vault = try await makeVault()
        let first = try await vault.subject(of: Self.client, at: Self.now)
        #expect(try await vault.subject(of: Self.client, at: Self.now) == first)
        let others = [ClientName(clinic: "a", id: 8), ClientName(clinic: "b", id: 7)]
        for other in others {
            #expect(try await vault.subject(of: other, at: Self.now) != first)
        }
        #expect(try await vault.subjects(of: Self.client) == [first])
        #expect(try await vault.client(of: first) == Self.client)
        #expect(try await vault.client(of: "nobody") == nil)
        #expect(try await vault.subjects(of: ClientName(clinic: "c", id: 7)).isEmpty)
        #expect(try vault.seal(of: "nobody") == nil)
    }

    private func checkSealing() async throws {
        let vault = try await makeVault()
        let first = try await vault.subject(of: Self.client, at: Self.now)
        let other = try await vault.subject(of: ClientName(clinic: "a", id: 8), at: Self.now)
        let seal = try #require(try vault.seal(of: first))
        let record = try #require(seal.record)
        let rest = try #require(seal.rest)
        let sealed = record.seal([1, 2, 3], at: "here")
        #expect(try record.open(sealed, at: "here") == [1, 2, 3])
        #expect(throws: (any Error).self) { try rest.open(sealed, at: "here") }
        let foreign = try #require(try vault.seal(of: other)?.record)
        #expect(throws: (any Error).self) { try foreign.open(sealed, at: "here") }
        let again = try #require(try vault.seal(of: first)?.record)
        #expect(try again.open(sealed, at: "here") == [1, 2, 3])
    }

    private func checkDestroying() async throws {
        let vault = try await makeVault()
        let subject = try await vault.subject(of: Self.client, at: Self.now)
        try await vault.backUp(at: Self.now, every: .days(1))
        try await vault.destroy(.rest, of: subject)
        try await vault.destroy(.rest, of: subject)
        #expect(try vault.seal(of: subject)?.rest == nil)
        #expect(try vault.seal(of: subject)?.record != nil)
        #expect(try await vault.client(of: subject) == Self.client)
        try await vault.destroy(.record, of: subject)
        let seal = try #require(try vault.seal(of: subject), "a forgotten subject stays known")
        #expect(seal.record == nil)
        #expect(try await vault.client(of: subject) == nil)
        #expect(try await vault.subjects(of: Self.client).isEmpty)
        try await vault.destroy(.record, of: "nobody")
        #expect(try await vault.subject(of: Self.client, at: Self.now) != subject)
    }

    private func checkRetiring() async throws {
        let vault = try await makeVault()
        let old = try await vault.subject(of: Self.client, at: Self.now)
        try await vault.retire(old)
        let new = try await vault.subject(of: Self.client, at: Self.now)
        #expect(new != old)
        #expect(try await vault.subjects(of: Self.client) == [old, new])
        #expect(try vault.seal(of: old)?.rest != nil)
    }
}
