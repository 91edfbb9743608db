import GRDB
import GRDBSQLite

/// A prepared statement whose values are handed to SQLite as they are.
///
/// GRDB makes an array of boxed values of them and copies each text once more; on the path of every event that costs
/// as much as SQLite itself. All calls of C stand in this file. It lives no longer than the look at the
/// connection in which it was made, and stays on that connection's thread.
struct BoundStatement {
    private let statement: Statement

    /// Looks the statement up among those that the connection has prepared.
    init(_ sql: String, _ database: Database) throws {
        statement = try database.cachedStatement(sql: sql)
        // GRDB leaves a statement as it ended; values are bound to one that is reset.
        unsafe sqlite3_reset(statement.sqliteStatement)
    }

    // The handle is the statement's own and lives as long as it; places are within those of its text.

    func bind(_ place: Int32, _ value: Int64) {
        unsafe check(sqlite3_bind_int64(statement.sqliteStatement, place, value))
    }

    func bind(_ place: Int32, _ value: Int64?) {
        guard let value else { return bindNull(place) }
        bind(place, value)
    }

    /// Binds a short text, of which SQLite keeps a copy.
    func bind(_ place: Int32, _ text: String) {
        let count = Int32(text.utf8.count)
        // SQLITE_TRANSIENT: the text's bytes are SQLite's own when the call returns.
        let copy = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        unsafe check(
            sqlite3_bind_text(statement.sqliteStatement, place, text, count, copy)
        )
    }

    func bind(_ place: Int32, _ text: String?) {
        guard let text else { return bindNull(place) }
        bind(place, text)
    }

    private func bindNull(_ place: Int32) {
        unsafe check(sqlite3_bind_null(statement.sqliteStatement, place))
    }

    /// Values are bound to places that the text has: anything else is a mistake of ours.
    private func check(_ code: CInt) {
        precondition(code == SQLITE_OK, "a value could not be bound")
    }

    /// Runs the statement with a long text that is read where it is.
    ///
    /// - Throws: ``DatabaseError``, as GRDB does.
    func run(withText bytes: [UInt8], at place: Int32) throws {
        try unsafe bytes.withUnsafeBytes { buffer in
            let text = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            // SQLITE_STATIC: the bytes stand still until the statement has run.
            unsafe check(
                sqlite3_bind_text(
                    statement.sqliteStatement,
                    place,
                    text,
                    Int32(buffer.count),
                    nil
                )
            )
            defer { bindNull(place) }
            try run()
        }
    }

    /// Runs the statement, which answers one number.
    ///
    /// - Throws: ``DatabaseError``, as GRDB does.
    func integer() throws -> Int64 {
        defer { unsafe sqlite3_reset(statement.sqliteStatement) }
        guard unsafe sqlite3_step(statement.sqliteStatement) == SQLITE_ROW else { throw failure() }
        return unsafe sqlite3_column_int64(statement.sqliteStatement, 0)
    }

    /// Runs the statement and makes a value of each row.
    ///
    /// - Throws: ``DatabaseError``, as GRDB does.
    func rows<Value>(_ read: (BoundRow) -> Value) throws -> [Value] {
        defer { unsafe sqlite3_reset(statement.sqliteStatement) }
        var values: [Value] = []
        while true {
            switch unsafe sqlite3_step(statement.sqliteStatement) {
            case SQLITE_ROW: values.append(read(BoundRow(statement)))
            case SQLITE_DONE: return values
            default: throw failure()
            }
        }
    }

    /// Runs the statement, which answers no rows.
    ///
    /// - Throws: ``DatabaseError``, as GRDB does.
    func run() throws {
        defer { unsafe sqlite3_reset(statement.sqliteStatement) }
        guard unsafe sqlite3_step(statement.sqliteStatement) == SQLITE_DONE else { throw failure() }
    }

    private func failure() -> DatabaseError {
        let connection = unsafe sqlite3_db_handle(statement.sqliteStatement)
        let code = unsafe sqlite3_extended_errcode(connection)
        let message = unsafe sqlite3_errmsg(connection).map { unsafe String(cString: $0) }
        return DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: message,
            sql: statement.sql
        )
    }
}

/// The row at which a statement stands; it is read at once and not kept.
struct BoundRow {
    private let statement: Statement

    fileprivate init(_ statement: Statement) {
        self.statement = statement
    }

    func integer(_ column: Int32) -> Int64 {
        unsafe sqlite3_column_int64(statement.sqliteStatement, column)
    }

    /// The bytes of a text.
    func bytes(_ column: Int32) -> [UInt8] {
        // The text stands still until the statement goes on; its length is asked for after it, as SQLite wants it.
        let text = unsafe sqlite3_column_text(statement.sqliteStatement, column)
        let count = Int(unsafe sqlite3_column_bytes(statement.sqliteStatement, column))
        return unsafe Array(UnsafeBufferPointer(start: text, count: count))
    }
}
