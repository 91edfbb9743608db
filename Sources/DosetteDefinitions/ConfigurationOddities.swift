import DosetteCore
import Foundation

/// What a configuration may say and seldom means.
struct ConfigurationOddities {
    typealias Oddity = (path: String, message: String)

    /// Less than this between cutting a call and looking for it is below what servers need.
    private static let serverBoundUsual = TimeSpan.seconds(10)
    private static let probeIntervalUsual = TimeSpan.seconds(5)
    /// Writing a status takes two calls of one endpoint.
    private static let callsPerMinuteLeast = 2
    /// Five years, as article 103 of EU 2019/6 has it.
    private static let recordUsual = TimeSpan.days(1826)
    private static let freeDiskUsual: Int64 = 64 * 1024 * 1024

    private let configuration: Configuration

    init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    var all: [Oddity] {
        let clinics = configuration.clinics.enumerated().flatMap(clinic)
        return clinics + sameInstallation + doors + pharmacy + timing + limits + evidence
    }

    /// Whether clinics or callers on other machines are meant to reach this server.
    private var isInProduction: Bool {
        !configuration.listen.isLoopback || configuration.publicURL.map(isOutside) ?? false
    }

    private func isOutside(_ url: String) -> Bool {
        !Loopback.includes(URL(string: url)?.host() ?? "")
    }

    /// Whether what is sent there can be read on the way.
    private func isInTheClear(_ url: String) -> Bool {
        url.hasPrefix("http://") && isOutside(url)
    }

    private func clinic(_ index: Int, _ clinic: ClinicConfiguration) -> [Oddity] {
        let path = "clinics[\(index)]"
        var odd: [Oddity] = []
        for (key, url) in [("base_url", clinic.baseURL), ("token_url", clinic.tokenURL)]
        where isInTheClear(url) {
            odd.append(
                ("\(path).\(key)", "http: the secret and the prescriptions can be read on the way")
            )
        }
        if URL(string: clinic.baseURL)?.host() != URL(string: clinic.tokenURL)?.host() {
            odd.append(("\(path).token_url", "the secret goes to another host than base_url's"))
        }
        if !clinic.baseURL.hasSuffix("/api/0.1") {
            let usual = "https://<domain>/<provet_id>/api/0.1 is usual"
            odd.append(("\(path).base_url", usual))
        }
        if let calls = clinic.callsPerMinute, calls < Self.callsPerMinuteLeast {
            odd.append(
                ("\(path).calls_per_minute", "writing a status takes two calls: nothing would move")
            )
        }
        return odd
    }

    private var sameInstallation: [Oddity] {
        let clinics = configuration.clinics
        return clinics.enumerated().compactMap { index, clinic in
            let earlier = clinics[..<index].first { $0.baseURL == clinic.baseURL }
            guard let earlier else { return nil }
            return (
                "clinics[\(index)].base_url", "the clinic \(earlier.id) is at the same installation"
            )
        }
    }

    private var doors: [Oddity] {
        var odd: [Oddity] = []
        if configuration.clinics.isEmpty, configuration.hookup == nil {
            odd.append(("clinics", "no clinic yet: orders are refused until one is added"))
        }
        if !configuration.listen.isLoopback, configuration.tls == nil {
            odd.append(
                ("listen", "off loopback without tls: tokens and orders can be read on the way")
            )
        }
        guard let url = configuration.publicURL else { return odd }
        if isInTheClear(url) {
            odd.append(("public_url", "http: what clinics send can be read on the way"))
        }
        if isOutside(url), configuration.tokensFile == nil {
            odd.append(("public_url", "serve does not start with it: tokens_file must be given"))
        }
        return odd
    }

    private var pharmacy: [Oddity] {
        var odd: [Oddity] = []
        if let url = configuration.pharmacy.transmitURL, isInTheClear(url) {
            odd.append(("pharmacy.transmit_url", "http: prescriptions can be read on the way"))
        }
        let isReal = configuration.clinics.contains { isOutside($0.baseURL) }
        if configuration.pharmacy.decision == .accept, isReal {
            odd.append(
                ("pharmacy.decision", "accept: every order is accepted and nobody has looked")
            )
        }
        return odd
    }

    private var timing: [Oddity] {
        guard configuration.clinics.contains(where: { isOutside($0.baseURL) }) else { return [] }
        var odd: [Oddity] = []
        if configuration.timing.serverBound < Self.serverBoundUsual {
            let why = "short: a call that takes effect later than this may be sent twice"
            odd.append(("timing.server_bound", why))
        }
        if configuration.timing.probeInterval < Self.probeIntervalUsual {
            odd.append(("timing.probe_interval", "short: lists that lag behind look like absence"))
        }
        return odd
    }

    private var limits: [Oddity] {
        var odd: [Oddity] = []
        if configuration.limits.queuedOrders == 0 {
            odd.append(("limits.queued_orders", "0: no order is taken in"))
        }
        if configuration.limits.freeDiskBytes < Self.freeDiskUsual {
            odd.append(
                ("limits.free_disk_mib", "little room for what is under way when the disk fills")
            )
        }
        return odd
    }

    private var evidence: [Oddity] {
        var odd: [Oddity] = []
        if configuration.personalData.recordRetention < Self.recordUsual {
            let why = "less than five years: look up what the law asks for"
            odd.append(("personal_data.retention.record", why))
        }
        if configuration.personalData.acceptsLostKeys {
            odd.append(("personal_data.keys_lost", "true is for one start: take it out again"))
        }
        if isInProduction, configuration.audit.witnesses.isEmpty {
            let why =
                "nobody elsewhere is told of checkpoints: who has journal and key can write both anew"
            odd.append(("audit.witnesses", why))
        }
        return odd
    }
}
