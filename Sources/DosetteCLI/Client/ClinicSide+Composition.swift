import Dosette
import DosetteCore
import DosetteDefinitions
import DosetteEngine
import DosetteServer
import DosetteStore

extension ClinicSide {
    /// What the server needs of a composition for the clinics' side.
    init(_ composition: Composition, _ configuration: Configuration) {
        let engine = composition.engine
        self.init(
            directory: engine.clinics,
            records: composition.records,
            office: composition.office,
            keys: composition.keys,
            publicURL: configuration.publicURL,
            hookup: configuration.hookup,
            hint: { engine.take($0) },
            ordersOfClient: { clinic, client, limit async throws(StoreError) in
                let query = OrderQuery(
                    selection: .refersTo(OrderReference(.client, client)),
                    clinic: clinic,
                    isNewestFirst: true,
                    limit: limit
                )
                return try await engine.orders(query)
            }
        )
    }
}
