/// NonMaximumSuppression.proto: the last model of object detectors.
public struct NonMaximumSuppression: Sendable {
  /// Boxes suppress only boxes whose most likely class is theirs.
  public private(set) var isPerClass = false
  public private(set) var labels: ClassLabels?
  public private(set) var overlapThreshold = 0.0
  public private(set) var confidenceThreshold = 0.0
  public private(set) var confidenceInput = ""
  public private(set) var coordinatesInput = ""
  /// Empty where the thresholds are fixed.
  public private(set) var overlapThresholdInput = ""
  public private(set) var confidenceThresholdInput = ""
  public private(set) var confidenceOutput = ""
  public private(set) var coordinatesOutput = ""

  public init(_ message: ProtobufMessage) throws {
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: try field.message().forEach(field: 1) { isPerClass = try $0.bool() }
      case 110: overlapThreshold = try field.double()
      case 111: confidenceThreshold = try field.double()
      case 200: confidenceInput = try field.string()
      case 201: coordinatesInput = try field.string()
      case 202: overlapThresholdInput = try field.string()
      case 203: confidenceThresholdInput = try field.string()
      case 210: confidenceOutput = try field.string()
      case 211: coordinatesOutput = try field.string()
      default: labels = try ClassLabels(field) ?? labels
      }
    }
    guard overlapThreshold >= 0, overlapThreshold <= 1 else {
      throw message.malformed("an IoU threshold of \(overlapThreshold), expected 0…1")
    }
    guard confidenceThreshold >= 0 else {
      throw message.malformed("a confidence threshold of \(confidenceThreshold), expected 0 or more")
    }
  }
}
