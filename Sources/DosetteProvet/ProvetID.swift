import DosetteCore

/// Ids as Provet writes them: a number, a URL that ends in one, or an object that has either.
enum ProvetID {
    static func read(_ json: JSON?) -> Int? {
        switch json {
        case .integer(let number): Int(exactly: number).flatMap { $0 > 0 ? $0 : nil }
        case .string(let text): lastPathPart(text)
        case .object(let object): read(object["id"]) ?? read(object["url"])
        case .null, .bool, .number, .array, nil: nil
        }
    }

    private static func lastPathPart(_ url: String) -> Int? {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        guard let last = path.split(separator: "/").last, let id = Int(last), id > 0 else {
            return nil
        }
        return id
    }
}
