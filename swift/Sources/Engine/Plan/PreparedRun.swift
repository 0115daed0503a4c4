/// A run of a plan on memory that does not change from one time to the next. Safe to be used by one thread at a time.
public final class PreparedRun {
  private let plan: Plan
  let cells: [Cell]
  let outputs: [TensorMemory]
  /// What the plan knows this memory by.
  let binding: UInt64

  /// nil where the plan cannot do with this memory alone.
  init?(_ plan: Plan, _ cells: [Cell], _ outputs: [TensorMemory]) {
    guard plan.isRepeatable, plan.resultSpecs == outputs.map({ .tensor($0.spec) }) else { return nil }
    self.plan = plan
    self.cells = cells
    self.outputs = outputs
    binding = plan.makeBinding()
  }

  public func callAsFunction(_ state: StateStorage?) throws { try plan.run(self, state) }
}
