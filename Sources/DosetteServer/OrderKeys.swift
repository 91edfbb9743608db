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
    }

    private let state = Mutex(State())

    /// What a claimed key is given back with when nothing was done.
    struct Claim: Sendable {
        fileprivate let name: Name
        fileprivate let isNew: Bool
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
        let digest = Engine.digest(of: .string(String(decoding: body, as: UTF8.self)))
        let known = state.withLock { state in
            let known = state.young[name] ?? state.old[name]
            if known == nil {
                if state.young.count >= Self.countMinimum {
                    state.old = state.young
                    state.young = [:]
                }
                state.young[name] = digest
            }
            return known
        }
        guard known == nil || known == digest else { throw .keyReused }
        return Claim(name: name, isNew: known == nil)
    }

    /// Gives a key back that stands for nothing, because the order was not taken.
    func release(_ claim: Claim) {
        guard claim.isNew else { return }
        state.withLock { $0.young[claim.name] = nil }
    }
}
