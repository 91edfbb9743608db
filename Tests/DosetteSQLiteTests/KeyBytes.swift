import Foundation
import GRDB
import Testing

/// A client's keys as they stand in the file, to look for them in others.
struct KeyBytes {
    let record: Data
    let rest: Data

    init(file: URL, subject: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: file.path, configuration: configuration)
        let row = try queue.read { database in
            let sql = "SELECT record, rest FROM client_key WHERE subject = ?"
            return try Row.fetchOne(database, sql: sql, arguments: [subject])
        }
        record = try #require(row?["record"])
        rest = try #require(row?["rest"])
        try queue.close()
    }
}
