import DosetteCore
import DosetteEngine
import Synchronization

/// The Idempotency-Keys under which orders were handed in lately, and what each stood for.
///
/// An order is known by its source and order_id and is never taken twice; a key only finds out that a caller has used one for
/// two different orders. Kept in memory, for the last so many keys.
final class OrderKeys: Sendable {
    /// Keys that are known at the least; twice as many at the most.
    static let countMinimum = 10_000

    fileprivate struct Name: Hashable {
        let caller: String?
        let key: String
    }

    /// Two generations: when the younger is full, the older goes.
    private struct State {
        var young: [Name: String] = [:]
        var old: [Name: String] = [:]
        /// Keys of which it is not known yet whether their order is taken, with the claim that made them known.
        var underWay: [Name: Int] = [:]
        var claimCount = 0
    }

    private let state = Mutex(State())

    /// What a claimed key is given back with when nothing was done.
    struct Claim: Sendable {
        fileprivate let name: Name
        fileprivate let number: Int
    }

    /// Lets a key stand for a body.
    ///
    /// - Parameters:
    ///   - key: The caller's.
    ///   - body: What is asked for.
    ///   - caller: Whose key it is.
    /// - Returns: What it can be given back with.
    /// - Throws: A ``Problem`` when it stands for another one.
    func claim(
        _ key: String,
        for body: [UInt8],
        by caller: String?
    ) throws(Problem) -> Claim {
        let name = Name(caller: caller, key: key)
        // What it says counts, not how it is written.
        let json = try? JSONReader.read(body)
        let digest = Engine.digest(of: json ?? .string(String(decoding: body, as: UTF8.self)))
        let (known, number) = state.withLock { state in
            state.claimCount += 1
            let known = state.young[name] ?? state.old[name]
            if known == nil {
                state.underWay[name] = state.claimCount
                if state.young.count >= Self.countMinimum {
                    state.old = state.young
                    state.young = [:]
                }
                state.young[name] = digest
            }
            return (known, state.claimCount)
        }
        guard known == nil || known == digest else { throw .keyReused }
        return Claim(name: name, number: number)
    }

    /// Notes that the order was taken: the key stands for it now, whatever another call under it comes to.
    func settle(_ claim: Claim) {
        state.withLock { $0.underWay[claim.name] = nil }
    }

    /// Gives a key back that stands for nothing, because the order was not taken.
    func release(_ claim: Claim) {
        state.withLock { state in
            guard state.underWay[claim.name] == claim.number else { return }
            state.underWay[claim.name] = nil
            state.young[claim.name] = nil
            state.old[claim.name] = nil
        }
    }
}
