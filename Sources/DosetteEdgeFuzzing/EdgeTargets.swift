package import DosetteFuzzing

/// The targets at the edge: what Provet answers, and what other programs send.
package enum EdgeTargets {
    package static let all: [FuzzTarget] = [
        ProvetTarget.provet, HTTPTarget.http, TextTargets.lines, TextTargets.tokens,
    ]
}
