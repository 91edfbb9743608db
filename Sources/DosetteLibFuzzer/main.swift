import Dispatch
import DosetteFuzzing
import Foundation

/// libFuzzer's own loop.
///
/// Swift's convention for these arguments is C's: four words at the most, and a number back.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The target that `DOSETTE_FUZZ_TARGET` names.
private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["DOSETTE_FUZZ_TARGET"] ?? ""
    let targets = FuzzTargets.inner + FuzzTargets.planted
    guard let target = targets.first(where: { $0.name == name }) else {
        preconditionFailure("DOSETTE_FUZZ_TARGET names one of \(targets.map(\.name))")
    }
    return target
}()

private func check(_ input: [UInt8], _ target: FuzzTarget) {
    let done = DispatchSemaphore(value: 0)
    // libFuzzer calls and waits: the one task that runs is waited for here.
    Task {
        do {
            _ = try await target.check(input)
        } catch {
            try? FileHandle.standardError.write(contentsOf: Data("PROPERTY: \(error)\n".utf8))
            preconditionFailure("a property is broken")
        }
        done.signal()
    }
    done.wait()
}

/// One input; libFuzzer's archive asks for this name, too.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // libFuzzer lends the bytes for this call; they are copied at once.
    check(unsafe Array(UnsafeBufferPointer(start: start, count: count)), target)
    return 0
}

private var count = CommandLine.argc
private var arguments = unsafe CommandLine.unsafeArgv
// Both variables live as long as the process.
private let status = unsafe runDriver(&count, &arguments) { unsafe fuzzOneInput($0, $1) }
exit(status)
