import MIL

/// supportVectorRegressor and supportVectorClassifier, as libsvm predicts.
struct SupportVectorEvaluator: ClassicalModel {
  private let machine: SupportVectorMachine
  private let features: ClassicalFeatures
  private let classifier: ClassifierOutputs?
  private let output: FeatureDescription?

  init(_ machine: SupportVectorMachine, _ features: ClassicalFeatures) throws {
    self.machine = machine
    self.features = features
    classifier = try machine.labels.map { try ClassifierOutputs($0, features) }
    output = try classifier == nil ? features.onlyOutput() : nil
    if case .dense(let vectors) = machine.vectors, let first = vectors.first {
      try features.checkWidth(first.count, "the support vectors")
    }
    if let classifier, classifier.hasScores, machine.probA.isEmpty {
      throw features.failure("the model declares probabilities, but has no probA and probB to compute them")
    }
  }

  var classLabels: ClassLabels? { machine.labels }

  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue] {
    let x = try features.vector(inputs)
    let kernels = try kernelValues(x)
    if let classifier { return try classify(kernels, classifier) }
    guard let output else { return [:] }
    let sum = zip(machine.coefficients[0], kernels).reduce(0) { $0 + $1.0 * $1.1 }
    return [output.name: try output.value(of: sum - machine.rho[0])]
  }

  private func kernelValues(_ x: [Double]) throws -> [Double] {
    switch machine.vectors {
    case .dense(let vectors):
      return try vectors.map { vector in
        guard vector.count == x.count else {
          throw ModelError(.argument, "the support vectors have \(vector.count) numbers, the inputs have \(x.count)")
        }
        if case .radialBasis(let gamma) = machine.kernel {
          return exponential(-gamma * zip(vector, x).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
        }
        return kernel(zip(vector, x).reduce(0) { $0 + $1.0 * $1.1 })
      }
    case .sparse(let vectors):
      return vectors.map { vector in
        if case .radialBasis(let gamma) = machine.kernel { return exponential(-gamma * squaredDistance(vector, x)) }
        return kernel(vector.reduce(0) { $1.index < x.count ? $0 + $1.value * x[$1.index] : $0 })
      }
    }
  }

  /// The kernels of the inner product alone.
  private func kernel(_ product: Double) -> Double {
    switch machine.kernel {
    case .linear, .radialBasis: return product
    case .polynomial(let degree, let offset, let gamma): return power(gamma * product + offset, degree)
    case .sigmoid(let gamma, let offset): return hyperbolicTangent(gamma * product + offset)
    }
  }

  /// One walk along both, since differences of sums of squares would cancel.
  private func squaredDistance(_ vector: [(index: Int, value: Double)], _ x: [Double]) -> Double {
    var sum = 0.0
    var next = 0
    for (place, number) in x.enumerated() {
      var difference = number
      if next < vector.count, vector[next].index == place {
        difference -= vector[next].value
        next += 1
      }
      sum += difference * difference
    }
    return vector[next...].reduce(sum) { $0 + $1.value * $1.value }
  }

  private func classify(_ kernels: [Double], _ classifier: ClassifierOutputs) throws -> [String: RuntimeValue] {
    let decisions = decisionValues(kernels)
    let count = classifier.labels.count
    guard !machine.probA.isEmpty else {
      let votes = self.votes(decisions, count)
      return try classifier.values(winner: votes.indexOfLargest, scores: votes)
    }
    let probabilities = classProbabilities(decisions, count)
    return try classifier.values(winner: probabilities.indexOfLargest, scores: probabilities)
  }

  /// One decision per pair of classes (0, 1), (0, 2), … (1, 2), …: positive for the first of the pair.
  /// Row j − 1 of the coefficients holds a class's vectors against class j, row i those against class i before it.
  private func decisionValues(_ kernels: [Double]) -> [Double] {
    var starts = [0]
    for count in machine.vectorCounts { starts.append(starts[starts.count - 1] + count) }
    var decisions: [Double] = []
    for i in machine.vectorCounts.indices {
      for j in machine.vectorCounts.indices.dropFirst(i + 1) {
        var sum = -machine.rho[decisions.count]
        for place in starts[i]..<starts[i + 1] { sum += machine.coefficients[j - 1][place] * kernels[place] }
        for place in starts[j]..<starts[j + 1] { sum += machine.coefficients[i][place] * kernels[place] }
        decisions.append(sum)
      }
    }
    return decisions
  }

  private func votes(_ decisions: [Double], _ count: Int) -> [Double] {
    var votes = [Double](repeating: 0, count: count)
    var pair = 0
    for i in 0..<count {
      for j in (i + 1)..<max(count, i + 1) {
        votes[decisions[pair] > 0 ? i : j] += 1
        pair += 1
      }
    }
    return votes
  }

  private func classProbabilities(_ decisions: [Double], _ count: Int) -> [Double] {
    var pairwise = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    var pair = 0
    for i in 0..<count {
      for j in (i + 1)..<max(count, i + 1) {
        // libsvm's bounds, which keep every product below from zero.
        let probability = logistic(-(decisions[pair] * machine.probA[pair] + machine.probB[pair]))
        pairwise[i][j] = min(max(probability, 1e-7), 1 - 1e-7)
        pairwise[j][i] = 1 - pairwise[i][j]
        pair += 1
      }
    }
    // Two classes are coupled, too, as in scikit-learn. Of Apple's results coremltools warns that they may differ there
    // by 0.5 %.
    return coupledProbabilities(pairwise)
  }
}

/// Class probabilities from pairwise ones: the second method of Wu, Lin and Weng, "Probability estimates for
/// multi-class classification by pairwise coupling" (2004), with libsvm's steps and its end.
private func coupledProbabilities(_ pairwise: [[Double]]) -> [Double] {
  let count = pairwise.count
  var q = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
  for i in 0..<count {
    for j in 0..<count where j != i {
      q[i][i] += pairwise[j][i] * pairwise[j][i]
      q[i][j] = -pairwise[j][i] * pairwise[i][j]
    }
  }
  var p = [Double](repeating: 1 / Double(count), count: count)
  let tolerance = 0.005 / Double(count)
  for _ in 0..<max(100, count) {
    var qp = q.map { row in zip(row, p).reduce(0) { $0 + $1.0 * $1.1 } }
    var pqp = zip(p, qp).reduce(0) { $0 + $1.0 * $1.1 }
    if qp.allSatisfy({ abs($0 - pqp) < tolerance }) { break }
    for i in 0..<count {
      let step = (pqp - qp[i]) / q[i][i]
      p[i] += step
      pqp = (pqp + step * (step * q[i][i] + 2 * qp[i])) / ((1 + step) * (1 + step))
      for j in 0..<count {
        qp[j] = (qp[j] + step * q[i][j]) / (1 + step)
        p[j] /= 1 + step
      }
    }
  }
  return p
}
