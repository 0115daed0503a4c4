import MIL

/// treeEnsembleRegressor and treeEnsembleClassifier. The nodes of all trees lie in one array; children are its indices.
struct TreeEnsembleEvaluator: ClassicalModel {
  fileprivate struct Node: Sendable {
    var threshold: Double
    /// nil for a leaf.
    var comparison: TreeEnsemble.Comparison?
    var missingGoesToTrueChild: Bool
    var feature: Int
    var trueChild: Int
    var falseChild: Int
    var contributions: Range<Int>
  }

  private let nodes: [Node]
  private let roots: [Int]
  private let contributions: [(dimension: Int, value: Double)]
  private let base: [Double]
  private let transform: TreeEnsemble.Transform
  private let leastWidth: Int
  /// All thresholds are f32 numbers: the trainer compared f32, and Core ML does the same then (so coremltools, in its
  /// converter of XGBoost's trees).
  private let comparesFloats: Bool
  private let features: ClassicalFeatures
  private let classifier: ClassifierOutputs?
  private let output: FeatureDescription?

  init(_ ensemble: TreeEnsemble, _ features: ClassicalFeatures) throws {
    self.features = features
    (nodes, roots) = try linkedNodes(ensemble, features)
    contributions = ensemble.contributions
    base = ensemble.base
    transform = ensemble.transform
    classifier = try ensemble.labels.map { try ClassifierOutputs($0, features) }
    output = try classifier == nil ? features.onlyOutput() : nil
    let branches = nodes.filter { $0.comparison != nil }
    comparesFloats = branches.allSatisfy { Double(Float($0.threshold)) == $0.threshold }
    let largest = branches.max { $0.feature < $1.feature }?.feature ?? -1
    guard largest < features.width ?? .max else {
      throw features.failure("a branch reads number \(largest) of the inputs, which have \(features.width ?? 0)")
    }
    leastWidth = largest + 1
  }

  var classLabels: ClassLabels? { classifier?.labels }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    var x = try features.vector(inputs)
    guard x.count >= leastWidth else {
      throw ModelError(.argument, "the branches read \(leastWidth) numbers, the inputs have \(x.count)")
    }
    if comparesFloats { x = x.map { Double(Float($0)) } }
    var sums = base
    for root in roots {
      for contribution in contributions[leaf(from: root, x).contributions] {
        sums[contribution.dimension] += contribution.value
      }
    }
    if let classifier { return try classify(sums, classifier) }
    guard let output else { return [:] }
    return [output.name: try output.value(of: transformed(sums))]
  }

  private func leaf(from root: Int, _ x: [Double]) -> Node {
    var node = nodes[root]
    while let comparison = node.comparison {
      let value = x[node.feature]
      let isTrue = value.isNaN ? node.missingGoesToTrueChild : comparison.holds(value, node.threshold)
      node = nodes[isTrue ? node.trueChild : node.falseChild]
    }
    return node
  }

  private func transformed(_ sums: [Double]) -> [Double] {
    switch transform {
    case .none: return sums
    case .softMax: return sums.softMax
    case .logistic: return sums.map(logistic)
    case .softMaxWithZeroClassReference: return ([0] + sums).softMax
    }
  }

  private func classify(_ sums: [Double], _ classifier: ClassifierOutputs) throws -> [String: RuntimeValue] {
    let scores = transformed(sums)
    if classifier.labels.count == 2, scores.count == 1 {
      // At one half the second class wins: coremltools lowers leaves of exactly 0.5 by 1e-7 to let the first win.
      return try classifier.values(winner: scores[0] >= 0.5 ? 1 : 0, scores: [1 - scores[0], scores[0]])
    }
    // Untransformed sums are given as they are, also where a forest's probabilities add up to the number of its trees.
    return try classifier.values(winner: scores.indexOfLargest, scores: scores)
  }
}

extension TreeEnsemble.Comparison {
  fileprivate func holds(_ value: Double, _ threshold: Double) -> Bool {
    switch self {
    case .lessOrEqual: return value <= threshold
    case .less: return value < threshold
    case .greaterOrEqual: return value >= threshold
    case .greater: return value > threshold
    case .equal: return value == threshold
    case .notEqual: return value != threshold
    }
  }
}

private struct NodeKey: Hashable {
  let tree: UInt64
  let id: UInt64
}

/// Resolves the children and refuses what is no tree: walks end because every node has one parent at most and is
/// reached from a root.
private func linkedNodes(_ ensemble: TreeEnsemble, _ features: ClassicalFeatures) throws -> (
  nodes: [TreeEnsembleEvaluator.Node], roots: [Int]
) {
  var places: [NodeKey: Int] = [:]
  places.reserveCapacity(ensemble.nodes.count)
  for (index, node) in ensemble.nodes.enumerated() {
    guard places.updateValue(index, forKey: NodeKey(tree: node.tree, id: node.id)) == nil else {
      throw features.failure("tree \(node.tree) has two nodes \(node.id)")
    }
  }
  var parents = [Int](repeating: 0, count: ensemble.nodes.count)
  func child(_ id: UInt64, of node: TreeEnsemble.Node) throws -> Int {
    guard let index = places[NodeKey(tree: node.tree, id: id)] else {
      throw features.failure("node \(node.id) of tree \(node.tree) has the child \(id), which is not in the tree")
    }
    parents[index] += 1
    guard parents[index] == 1 else {
      throw features.failure("node \(id) of tree \(node.tree) is the child of two branches")
    }
    return index
  }
  let nodes = try ensemble.nodes.map { node in
    let isLeaf = node.comparison == nil
    return TreeEnsembleEvaluator.Node(
      threshold: node.threshold, comparison: node.comparison, missingGoesToTrueChild: node.missingGoesToTrueChild,
      feature: node.feature, trueChild: isLeaf ? 0 : try child(node.trueChild, of: node),
      falseChild: isLeaf ? 0 : try child(node.falseChild, of: node), contributions: node.contributions)
  }
  let roots = parents.indices.filter { parents[$0] == 0 }
  try checkRoots(roots, nodes, ensemble, features)
  return (nodes, roots)
}

private func checkRoots(
  _ roots: [Int], _ nodes: [TreeEnsembleEvaluator.Node], _ ensemble: TreeEnsemble, _ features: ClassicalFeatures
) throws {
  var trees = Set<UInt64>()
  for root in roots where !trees.insert(ensemble.nodes[root].tree).inserted {
    throw features.failure("tree \(ensemble.nodes[root].tree) has two roots")
  }
  var isReached = [Bool](repeating: false, count: nodes.count)
  var open = roots
  while let index = open.popLast() {
    isReached[index] = true
    if nodes[index].comparison != nil { open += [nodes[index].trueChild, nodes[index].falseChild] }
  }
  if let lost = isReached.firstIndex(of: false) {
    let node = ensemble.nodes[lost]
    throw features.failure("node \(node.id) of tree \(node.tree) is part of a cycle")
  }
}
