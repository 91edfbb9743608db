import Dispatch
import DosetteFuzzing
import Foundation

/// libFuzzer's way in: one input for the target that `DOSETTE_FUZZ_TARGET` names.
///
/// libFuzzer brings the program's own `main`.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // libFuzzer owns the bytes and lends them for this call; they are copied at once.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let done = DispatchSemaphore(value: 0)
    // libFuzzer calls from a thread of its own and waits: the one task that runs is waited for here.
    Task {
        do {
            _ = try await LibFuzzerTarget.chosen.check(input)
        } catch {
            try? FileHandle.standardError.write(contentsOf: Data("PROPERTY: \(error)\n".utf8))
            preconditionFailure("a property is broken")
        }
        done.signal()
    }
    done.wait()
    return 0
}

private enum LibFuzzerTarget {
    static let chosen: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["DOSETTE_FUZZ_TARGET"] ?? ""
        let targets = FuzzTargets.inner + FuzzTargets.planted
        guard let target = targets.first(where: { $0.name == name }) else {
            preconditionFailure("DOSETTE_FUZZ_TARGET names one of \(targets.map(\.name))")
        }
        return target
    }()
}
