/// What the clinic sets for its departments.
extension ProvetInstallation {
    /// Changes the settings of a department that is there.
    mutating func set(
        _ change: DepartmentSettingsChange,
        of department: Int,
        now: Int64,
        in world: inout SharedWorld
    ) throws(Refusal) {
        let row = try departmentRow(department)
        settings[row.id] = change.applied(to: settings[row.id, default: .init()])
        fire(.departmentSettings, row.id, at: now, in: &world)
    }
}
