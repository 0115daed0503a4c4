/// GLMRegressor.proto and GLMClassifier.proto: a row of weights and an offset per score, and a link function.
public struct GeneralizedLinearModel: Sendable {
  public enum Transform: Sendable { case none, logit, probit }
  public enum ClassEncoding: Sendable { case referenceClass, oneVsRest }

  public private(set) var weights: [[Double]] = []
  public private(set) var offsets: [Double] = []
  public private(set) var transform = Transform.none
  public private(set) var encoding = ClassEncoding.referenceClass
  /// nil for a regressor.
  public private(set) var labels: ClassLabels?

  public init(regressor message: ProtobufMessage) throws {
    try self.init(message, transforms: [.none, .logit, .probit])
  }

  public init(classifier message: ProtobufMessage) throws {
    try self.init(message, transforms: [.logit, .probit])
    guard let labels else { throw message.malformed("the classifier has no class labels") }
    let isBinary = labels.count == 2 && weights.count == 1
    let expected = encoding == .referenceClass ? labels.count - 1 : labels.count
    guard labels.count >= 2, isBinary || weights.count == expected else {
      throw message.malformed("\(weights.count) rows of weights for \(labels.count) classes, expected \(expected)")
    }
  }

  private init(_ message: ProtobufMessage, transforms: [Transform]) throws {
    transform = transforms[0]
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: weights.append(try field.doubleVector())
      case 2: try field.appendDoubles(to: &offsets)
      case 3:
        let code = Int(try field.int32())
        guard transforms.indices.contains(code) else {
          throw field.malformed("post-evaluation transform \(code), expected 0…\(transforms.count - 1)")
        }
        transform = transforms[code]
      case 4:
        let code = try field.int32()
        guard code == 0 || code == 1 else {
          throw field.malformed("class encoding \(code), expected 0 (reference class) or 1 (one versus rest)")
        }
        encoding = code == 0 ? .referenceClass : .oneVsRest
      default: labels = try ClassLabels(field) ?? labels
      }
    }
    guard let first = weights.first else { throw message.malformed("the linear model has no weights") }
    if let row = weights.firstIndex(where: { $0.count != first.count }) {
      throw message.malformed("row \(row) has \(weights[row].count) weights, row 0 has \(first.count)")
    }
    guard offsets.count == weights.count else {
      throw message.malformed("\(offsets.count) offsets for \(weights.count) rows of weights")
    }
  }
}
