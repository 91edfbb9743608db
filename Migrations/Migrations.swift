/// One step of the schema; steps are numbered, only go forward and are never edited.
package struct Migration: Sendable {
    /// The file's name without its ending: `V001_create_journal`.
    package let id: String
    /// The file's text.
    package let sql: String

    /// All steps in order; the schema's version is their count.
    package static let all = [
        Migration("V001_create_journal", PackageResources.V001_create_journal_sql),
        Migration("V002_add_clinic_side", PackageResources.V002_add_clinic_side_sql),
        Migration(
            "V003_add_tiles_and_checkpoints",
            PackageResources.V003_add_tiles_and_checkpoints_sql
        ),
        Migration("V004_add_forgetting", PackageResources.V004_add_forgetting_sql),
        Migration("V005_add_counts", PackageResources.V005_add_counts_sql),
        Migration(
            "V006_add_webhooks_and_answers",
            PackageResources.V006_add_webhooks_and_answers_sql
        ),
    ]

    private init(_ id: String, _ bytes: [UInt8]) {
        self.id = id
        sql = String(decoding: bytes, as: UTF8.self)
    }
}
