/// A disk under a file system, as strictly as POSIX has it.
///
/// A file's bytes are certain after a flush of the file, a name after a flush of the directory it
/// stands in; everything else may be there or not when the power is cut.
struct Disk: Sendable {
    /// What a name stands for.
    enum Entry: Hashable, Sendable {
        case file(Int)
        case directory
    }

    /// Names that change together: one creation, removal or renaming.
    struct NameChange: Sendable {
        let directories: Set<String>
        /// Nothing for a name that is gone.
        let assignments: [(path: String, entry: Entry?)]
    }

    private enum Opened: Sendable {
        case file(Int)
        case directory(String)
    }

    private(set) var files: [Int: DiskFile] = [:]
    /// What programs see.
    private(set) var names: [String: Entry] = ["": .directory]
    /// What is certain.
    private(set) var durableNames: [String: Entry] = ["": .directory]
    /// What may be there, in order.
    private(set) var pendingNames: [NameChange] = []
    private var descriptors: [Int32: Opened] = [:]
    private var operationCount = 0

    init() {}

    /// Does what a program did.
    ///
    /// - Throws: ``UnreadableLog`` when it cannot have done that here.
    mutating func apply(_ operation: DiskOperation) throws(UnreadableLog) {
        operationCount += 1
        let order = operationCount
        switch operation {
        case .start: descriptors = [:]
        case .open(let descriptor, let path, let creates, let truncates):
            try open(path, as: descriptor, creates: creates, truncates: truncates)
        case .close(let descriptor): descriptors[descriptor] = nil
        case .duplicate(let descriptor, let other): descriptors[other] = descriptors[descriptor]
        case .write(let descriptor, let offset, let bytes):
            let file = try file(descriptor)
            files[file]?.write(bytes, at: offset, order: order)
        case .truncate(let descriptor, let size):
            let file = try file(descriptor)
            files[file]?.truncate(to: size, order: order)
        case .sync(let descriptor): try sync(descriptor)
        case .syncFailed(let descriptor):
            if case .file(let file) = descriptors[descriptor] { files[file]?.syncFailed() }
        case .unlink(let path): change([(path, nil)])
        case .rename(let from, let to): change([(from, nil), (to, names[from])])
        case .makeDirectory(let path): change([(path, .directory)])
        }
    }

    private func file(_ descriptor: Int32) throws(UnreadableLog) -> Int {
        guard case .file(let file) = descriptors[descriptor] else {
            throw UnreadableLog(problem: "descriptor \(descriptor) is not of an open file")
        }
        return file
    }

    private mutating func open(
        _ path: String,
        as descriptor: Int32,
        creates: Bool,
        truncates: Bool
    ) throws(UnreadableLog) {
        switch names[path] {
        case .directory:
            descriptors[descriptor] = .directory(path)
        case .file(let file):
            descriptors[descriptor] = .file(file)
            if truncates { files[file]?.truncate(to: 0, order: operationCount) }
        case nil:
            guard creates else { throw UnreadableLog(problem: "\(path) was opened and never made") }
            let file = files.count
            files[file] = DiskFile()
            descriptors[descriptor] = .file(file)
            change([(path, .file(file))])
        }
    }

    private mutating func change(_ assignments: [(path: String, entry: Entry?)]) {
        for (path, entry) in assignments { names[path] = entry }
        let directories = Set(assignments.map { Self.parent(of: $0.path) })
        pendingNames.append(NameChange(directories: directories, assignments: assignments))
    }

    private mutating func sync(_ descriptor: Int32) throws(UnreadableLog) {
        switch descriptors[descriptor] {
        case .file(let file): files[file]?.sync()
        case .directory(let path):
            for change in pendingNames where change.directories.contains(path) {
                for (path, entry) in change.assignments { durableNames[path] = entry }
            }
            pendingNames.removeAll { $0.directories.contains(path) }
        case nil: throw UnreadableLog(problem: "descriptor \(descriptor) is not open")
        }
    }

    static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    // MARK: - What a power cut leaves

    /// Which of the things that may be there are.
    struct Choice: Sendable {
        /// Places in ``Disk/pendingNames``.
        var names: [Int] = []
        var files: [Int: DiskFile.Choice] = [:]
    }

    /// Everything under the root after a power cut.
    struct State: Sendable {
        var directories: [String] = []
        var files: [(path: String, content: [UInt8])] = []
    }

    /// The state that `choice` describes, its names sorted.
    func state(_ choice: Choice) -> State {
        var names = durableNames
        for place in choice.names {
            for (path, entry) in pendingNames[place].assignments { names[path] = entry }
        }
        var state = State()
        for (path, entry) in names.sorted(by: { $0.key < $1.key }) {
            // What stands in a directory that is not there cannot be reached.
            guard path.isEmpty || names[Self.parent(of: path)] == .directory else { continue }
            switch entry {
            case .directory: state.directories.append(path)
            case .file(let number):
                guard let file = files[number] else { continue }
                state.files.append((path, file.content(choice.files[number] ?? .init())))
            }
        }
        return state
    }

    /// Sectors that may or may not be there.
    var pendingSectorCount: Int { files.values.reduce(0) { $0 + $1.pending.count } }

    /// How much may be there or not: sectors, sizes and names.
    var pendingCount: Int {
        files.values.reduce(pendingNames.count) { $0 + $1.pending.count + $1.sizes.count }
    }

    /// Whether bytes of the file at `path` are not certain.
    func isPending(_ path: String) -> Bool {
        guard case .file(let file) = names[path] else { return false }
        return files[file]?.isSettled == false
    }
}
