import Kernels
import MIL

/// One operation's result in f16 beside f32.
public struct ComparedOperation: Sendable {
  public let label: String
  public let type: String
  public let outputs: [String]
  public let shape: [Int]
  /// What the f16 side computed it in: f32 where the model says so.
  public let element: ElementType
  /// Smallest and largest finite value in f32.
  public let minimum: Float
  public let maximum: Float
  public let absoluteMaximum: Float
  /// Smallest magnitude in f32 that is not 0; infinite where all are.
  public let absoluteMinimum: Float
  public let count: Int
  /// Elements that became infinite or NaN where f32 has another number, and those too small for f16 that became 0.
  public let infinite: Int
  public let nan: Int
  public let flushed: Int
  /// Elements that are infinite or NaN in f32 too.
  public let notFinite: Int
  /// Largest difference of finite elements, relative to `absoluteMaximum`.
  public let drift: Float
}

/// A function run in f16 and in f32 side by side, each operation rounded on its own, without keeping the activations.
public struct Comparison: Sendable {
  /// In the order in which they ran; what runs in a loop is there once, with all rounds.
  public let operations: [ComparedOperation]
  /// Where the two sides took different ways (a loop with another number of rounds); nothing behind it was compared.
  public let divergedAt: String?

  /// `narrows`: a model that computes in f32 is run as its conversion to f16 would.
  public init(program: Program, functionName: String, inputs: DiagnosticInputs, narrows: Bool) throws {
    let meeting = StepMeeting()
    func executable(_ precision: ExecutableOptions.Precision, _ side: StepMeeting.Side) throws -> Executable {
      var options = ExecutableOptions()
      options.precision = precision
      options.convertsStates = true
      options.fusesOperations = false
      options.observer = StepMeeting.Observer(meeting, side)
      return try Executable(program: program, functionName: functionName, defaultShapes: inputs.shapes, options: options)
    }
    let low = try executable(narrows ? .float16 : .model, .low)
    let reference = try executable(.float32, .reference)
    try meeting.run(
      low: { _ = try low.run(inputs: inputs.values, state: inputs.state(for: low)) },
      reference: { _ = try reference.run(inputs: inputs.values, state: inputs.state(for: reference)) })
    operations = meeting.operations
    divergedAt = meeting.divergedAt
  }
}
