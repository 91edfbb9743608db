/// Why a proof does not show what it should.
package enum ProofFailure: Error, Hashable {
    /// The leaf's index is not below the tree's size.
    case beyondTheTree(index: UInt64, size: UInt64)
    /// The later tree is the smaller one.
    case shrunk(old: UInt64, new: UInt64)
    /// There is a hash too few.
    case tooShort
    /// There is a hash too many.
    case tooLong
    /// The hashes lead to another root than the tree's.
    case otherRoot
    /// The hashes lead to another root than the earlier tree's.
    case otherOldRoot
    /// A tile that the proof is made of has not the hashes that it must have.
    case tile(level: Int, index: UInt64)
}

extension ProofFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .beyondTheTree(let index, let size):
            "leaf \(index) is not in a tree of \(size) leaves"
        case .shrunk(let old, let new): "a tree of \(old) leaves cannot become one of \(new)"
        case .tooShort: "the proof is too short"
        case .tooLong: "the proof is too long"
        case .otherRoot: "the proof leads to another root"
        case .otherOldRoot: "the proof leads to another root of the earlier tree"
        case .tile(let level, let index): "tile \(index) of level \(level) is incomplete"
        }
    }
}
