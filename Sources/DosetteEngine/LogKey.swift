/// The keys of every log line's metadata: a closed list, see docs/logging.md.
package enum LogKey {
    package static let stream = "stream"
    package static let order = "order"
    package static let clinic = "clinic"
    package static let action = "action"
    package static let epoch = "epoch"
    package static let errorCode = "error_code"
    package static let detail = "detail"
    package static let count = "count"
    package static let address = "address"
    package static let service = "service"
    package static let milliseconds = "ms"
}
