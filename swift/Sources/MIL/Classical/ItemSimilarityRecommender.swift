/// ItemSimilarityRecommender.proto.
public struct ItemSimilarityRecommender: Sendable {
  public enum Names: Sendable {
    case none
    case strings([String])
    case int64s([Int64])
  }

  /// By item: what is similar to it, and how much. Items are numbers that `names` gives names to.
  public private(set) var similarities: [UInt64: [(item: UInt64, score: Double)]] = [:]
  /// By item: what is taken off the scores of others when they speak for it.
  public private(set) var adjustments: [UInt64: Double] = [:]
  public private(set) var names = Names.none
  public private(set) var itemsInput = ""
  public private(set) var countInput = ""
  public private(set) var restrictionInput = ""
  public private(set) var exclusionInput = ""
  public private(set) var listOutput = ""
  public private(set) var scoresOutput = ""

  public init(_ message: ProtobufMessage) throws {
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: try readItem(field.message())
      case 2: names = .strings(try field.stringVector())
      case 3: names = .int64s(try field.int64Vector())
      case 10: itemsInput = try field.string()
      case 11: countInput = try field.string()
      case 12: restrictionInput = try field.string()
      case 13: exclusionInput = try field.string()
      case 20: listOutput = try field.string()
      case 21: scoresOutput = try field.string()
      default: break
      }
    }
    guard !itemsInput.isEmpty else { throw message.malformed("the recommender does not name its input of items") }
    try checkNames(message)
  }

  private func checkNames(_ message: ProtobufMessage) throws {
    let count: Int
    switch names {
    case .none: return
    case .strings(let names): count = names.count
    case .int64s(let names): count = names.count
    }
    let items = similarities.keys + similarities.values.joined().map(\.item)
    if let outside = items.first(where: { $0 >= UInt64(count) }) {
      throw message.malformed("item \(outside) has no name: there are \(count)")
    }
  }

  private mutating func readItem(_ message: ProtobufMessage) throws {
    var item: UInt64 = 0
    var similar: [(item: UInt64, score: Double)] = []
    var adjustment = 0.0
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: item = try field.uint64()
      case 2:
        var other: UInt64 = 0
        var score = 0.0
        let connected = try field.message()
        try connected.forEach(field: 1) { other = try $0.uint64() }
        try connected.forEach(field: 2) { score = try $0.double() }
        similar.append((other, score))
      case 3: adjustment = try field.double()
      default: break
      }
    }
    guard similarities.updateValue(similar, forKey: item) == nil else {
      throw message.malformed("item \(item) has two lists of similar items")
    }
    adjustments[item] = adjustment
  }
}
