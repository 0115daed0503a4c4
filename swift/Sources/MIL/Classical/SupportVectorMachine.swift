/// SVM.proto: what libsvm calls a model. `coefficients` has one row for a regressor, classes − 1 for a classifier.
public struct SupportVectorMachine: Sendable {
  public enum Kernel: Sendable {
    case linear
    case radialBasis(gamma: Double)
    case polynomial(degree: Int, offset: Double, gamma: Double)
    case sigmoid(gamma: Double, offset: Double)
  }
  public enum Vectors: Sendable {
    case dense([[Double]])
    /// Places (from 0, ascending) and values of what is not zero.
    case sparse([[(index: Int, value: Double)]])

    public var count: Int {
      switch self {
      case .dense(let vectors): return vectors.count
      case .sparse(let vectors): return vectors.count
      }
    }
  }

  public private(set) var kernel = Kernel.linear
  public private(set) var vectors = Vectors.dense([])
  public private(set) var coefficients: [[Double]] = []
  public private(set) var rho: [Double] = []
  /// Parameters of the sigmoid per pair of classes; empty when the classifier gives no probabilities.
  public private(set) var probA: [Double] = []
  public private(set) var probB: [Double] = []
  public private(set) var vectorCounts: [Int] = []
  /// nil for a regressor.
  public private(set) var labels: ClassLabels?

  public init(regressor message: ProtobufMessage) throws {
    // A rho of 0 is not written.
    rho = [0]
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: kernel = try SupportVectorMachine.kernel(field.message())
      case 2: vectors = .sparse(try SupportVectorMachine.sparseVectors(field.message()))
      case 3: vectors = .dense(try SupportVectorMachine.denseVectors(field.message()))
      case 4: coefficients = [try field.doubleVector()]
      case 5: rho = [try field.double()]
      default: break
      }
    }
    if coefficients.isEmpty { coefficients = [[]] }
    try checkCoefficients(message)
  }

  public init(classifier message: ProtobufMessage) throws {
    var counts: [Int64] = []
    var fields = message.fields()
    while let field = try fields.next() {
      switch field.number {
      case 1: kernel = try SupportVectorMachine.kernel(field.message())
      case 2: try field.appendInt64s(to: &counts)
      case 3: vectors = .sparse(try SupportVectorMachine.sparseVectors(field.message()))
      case 4: vectors = .dense(try SupportVectorMachine.denseVectors(field.message()))
      case 5: coefficients.append(try field.doubleVector())
      case 6: try field.appendDoubles(to: &rho)
      case 7: try field.appendDoubles(to: &probA)
      case 8: try field.appendDoubles(to: &probB)
      default: labels = try ClassLabels(field) ?? labels
      }
    }
    guard let labels, labels.count >= 2 else {
      throw message.malformed("\(labels?.count ?? 0) class labels, expected 2 or more")
    }
    try checkClasses(labels.count, counts, message)
    try checkCoefficients(message)
  }

  private mutating func checkClasses(_ classes: Int, _ counts: [Int64], _ message: ProtobufMessage) throws {
    guard counts.count == classes else {
      throw message.malformed("numbers of support vectors for \(counts.count) classes, expected \(classes)")
    }
    var rest = vectors.count
    for count in counts {
      guard count >= 0, count <= rest else {
        throw message.malformed("the classes have more support vectors than the \(vectors.count) of the model")
      }
      rest -= Int(count)
      vectorCounts.append(Int(count))
    }
    guard rest == 0 else { throw message.malformed("\(rest) of the \(vectors.count) support vectors have no class") }
    guard coefficients.count == classes - 1 else {
      throw message.malformed(
        "\(coefficients.count) rows of coefficients for \(classes) classes, expected \(classes - 1)")
    }
    let pairs = classes * (classes - 1) / 2
    guard rho.count == pairs else { throw message.malformed("\(rho.count) values of rho, expected \(pairs)") }
    guard probA.count == probB.count, probA.isEmpty || probA.count == pairs else {
      throw message.malformed("\(probA.count) values of probA and \(probB.count) of probB, expected \(pairs) or none")
    }
  }

  private func checkCoefficients(_ message: ProtobufMessage) throws {
    for row in coefficients where row.count != vectors.count {
      throw message.malformed("\(row.count) coefficients for \(vectors.count) support vectors")
    }
    if case .dense(let rows) = vectors, let first = rows.first,
      let other = rows.firstIndex(where: { $0.count != first.count })
    {
      throw message.malformed(
        "support vector \(other) has \(rows[other].count) elements, the first has \(first.count)")
    }
  }

  private static func kernel(_ message: ProtobufMessage) throws -> Kernel {
    var kernel: Kernel?
    var fields = message.fields()
    while let field = try fields.next() {
      let parameters = try field.message()
      func parameter(_ number: Int) throws -> Double {
        var value = 0.0
        try parameters.forEach(field: number) { value = try $0.double() }
        return value
      }
      switch field.number {
      case 1: kernel = .linear
      case 2: kernel = .radialBasis(gamma: try parameter(1))
      case 3:
        var degree = 0
        try parameters.forEach(field: 1) { degree = Int(try $0.int32()) }
        guard degree >= 0 else { throw field.malformed("a polynomial kernel of degree \(degree), expected 0 or more") }
        kernel = .polynomial(degree: degree, offset: try parameter(2), gamma: try parameter(3))
      case 4: kernel = .sigmoid(gamma: try parameter(1), offset: try parameter(2))
      default: break
      }
    }
    guard let kernel else {
      throw message.malformed("the kernel is missing or unknown; expected linear, RBF, polynomial or sigmoid")
    }
    return kernel
  }

  private static func denseVectors(_ message: ProtobufMessage) throws -> [[Double]] {
    var vectors: [[Double]] = []
    try message.forEach(field: 1) { vectors.append(try $0.doubleVector()) }
    return vectors
  }

  private static func sparseVectors(_ message: ProtobufMessage) throws -> [[(index: Int, value: Double)]] {
    var vectors: [[(index: Int, value: Double)]] = []
    try message.forEach(field: 1) { vector in
      var nodes: [(index: Int, value: Double)] = []
      try vector.message().forEach(field: 1) { nodes.append(try node($0.message())) }
      nodes.sort { $0.index < $1.index }
      if zip(nodes, nodes.dropFirst()).contains(where: { $0.index == $1.index }) {
        throw vector.malformed("a sparse support vector has two values at one index")
      }
      vectors.append(nodes)
    }
    return vectors
  }

  /// Indices in the file begin at 1, as libsvm's do.
  private static func node(_ message: ProtobufMessage) throws -> (index: Int, value: Double) {
    var index = 0
    var value = 0.0
    try message.forEach(field: 1) { index = Int(try $0.int32()) }
    try message.forEach(field: 2) { value = try $0.double() }
    guard index >= 1 else {
      throw message.malformed("a sparse support vector has the index \(index), expected 1 or more")
    }
    return (index - 1, value)
  }
}
