/// The workflow definitions that every Dosette carries.
package struct EmbeddedWorkflow: Sendable {
    /// The file's name.
    package let file: String
    /// The YAML.
    package let text: String

    package static let all = [
        EmbeddedWorkflow(
            "clinic_home_delivery_v1.yaml",
            PackageResources.clinic_home_delivery_v1_yaml
        ),
        EmbeddedWorkflow("home_delivery_v1.yaml", PackageResources.home_delivery_v1_yaml),
    ]

    private init(_ file: String, _ bytes: [UInt8]) {
        self.file = file
        text = String(decoding: bytes, as: UTF8.self)
    }
}
