/// TreeEnsemble.proto: the nodes of all trees as the file lists them.
public struct TreeEnsemble: Sendable {
  public enum Comparison: Int, Sendable {
    case lessOrEqual = 0, less, greaterOrEqual, greater, equal, notEqual
  }
  public enum Transform: Int, Sendable { case none = 0, softMax, logistic, softMaxWithZeroClassReference }

  public struct Node: Sendable {
    public fileprivate(set) var tree: UInt64 = 0
    public fileprivate(set) var id: UInt64 = 0
    /// nil for a leaf.
    public fileprivate(set) var comparison: Comparison? = .lessOrEqual
    public fileprivate(set) var feature = 0
    public fileprivate(set) var threshold = 0.0
    public fileprivate(set) var trueChild: UInt64 = 0
    public fileprivate(set) var falseChild: UInt64 = 0
    public fileprivate(set) var missingGoesToTrueChild = false
    /// What the leaf adds: a range of `contributions`.
    public fileprivate(set) var contributions = 0..<0
  }

  public private(set) var nodes: [Node] = []
  public private(set) var contributions: [(dimension: Int, value: Double)] = []
  /// Where every prediction begins, a value per dimension.
  public private(set) var base: [Double] = []
  public private(set) var transform = Transform.none
  /// nil for a regressor.
  public private(set) var labels: ClassLabels?

  private static let leafBehavior: Int32 = 6
  /// More outputs than any ensemble has; bounds the memory that a damaged file can ask for.
  private static let maximumDimensions = 1 << 20

  public init(regressor message: ProtobufMessage) throws { try self.init(message) }

  public init(classifier message: ProtobufMessage) throws {
    try self.init(message)
    guard let labels, labels.count > 0 else { throw message.malformed("the classifier has no class labels") }
    let expected = transform == .softMaxWithZeroClassReference ? labels.count - 1 : labels.count
    guard base.count == expected || (labels.count == 2 && base.count == 1) else {
      throw message.malformed("\(base.count) prediction dimensions for \(labels.count) classes, expected \(expected)")
    }
  }

  private init(_ message: ProtobufMessage) throws {
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: try readParameters(field.message())
      case 2:
        let code = try field.int32()
        guard let known = Transform(rawValue: Int(code)) else {
          throw field.malformed("post-evaluation transform \(code), expected 0…3")
        }
        transform = known
      default: labels = try ClassLabels(field) ?? labels
      }
    }
    guard !nodes.isEmpty else { throw message.malformed("the ensemble has no nodes") }
  }

  private mutating func readParameters(_ message: ProtobufMessage) throws {
    var dimensions = 0
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: nodes.append(try node(field.message()))
      case 2: dimensions = try field.index()
      case 3: try field.appendDoubles(to: &base)
      default: break
      }
    }
    guard dimensions > 0, dimensions <= TreeEnsemble.maximumDimensions else {
      throw message.malformed("\(dimensions) prediction dimensions, expected 1…\(TreeEnsemble.maximumDimensions)")
    }
    if base.isEmpty { base = [Double](repeating: 0, count: dimensions) }
    guard base.count == dimensions else {
      throw message.malformed("\(base.count) base prediction values for \(dimensions) prediction dimensions")
    }
    if let outside = contributions.first(where: { $0.dimension >= dimensions }) {
      throw message.malformed("a leaf adds to dimension \(outside.dimension) of \(dimensions)")
    }
  }

  private mutating func node(_ message: ProtobufMessage) throws -> Node {
    var node = Node()
    let first = contributions.count
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: node.tree = try field.uint64()
      case 2: node.id = try field.uint64()
      case 3:
        let code = try field.int32()
        node.comparison = Comparison(rawValue: Int(code))
        guard node.comparison != nil || code == TreeEnsemble.leafBehavior else {
          throw field.malformed("node behaviour \(code), expected 0…6")
        }
      case 10: node.feature = try field.index()
      case 11: node.threshold = try field.double()
      case 12: node.trueChild = try field.uint64()
      case 13: node.falseChild = try field.uint64()
      case 14: node.missingGoesToTrueChild = try field.bool()
      case 20: contributions.append(try contribution(field.message()))
      default: break
      }
    }
    node.contributions = first..<contributions.count
    return node
  }

  private func contribution(_ message: ProtobufMessage) throws -> (dimension: Int, value: Double) {
    var dimension = 0
    var value = 0.0
    try message.forEach(field: 1) { dimension = try $0.index() }
    try message.forEach(field: 2) { value = try $0.double() }
    return (dimension, value)
  }
}
