import CTensorLogic
import CoreML
import MIL

/// The value of a number, text, dictionary or sequence feature from JSON.
func featureValue(_ json: JSON, _ feature: MLFeatureDescription) throws -> MLFeatureValue {
  func mismatch(_ found: String) -> Failure {
    Failure(TL_E_FEATURE, "feature '\(feature.name)' takes \(kind(feature)), got \(found)")
  }
  switch feature.type {
  case .int64:
    guard let number = exactInteger(json) else { throw mismatch(json.serialised()) }
    return MLFeatureValue(int64: number)
  case .double:
    guard let number = real(json) else { throw mismatch(json.serialised()) }
    return MLFeatureValue(double: number)
  case .string:
    guard let text = json.stringValue else { throw mismatch(json.kindName) }
    return MLFeatureValue(string: text)
  case .dictionary: return try MLFeatureValue(dictionary: dictionary(json, feature, mismatch))
  case .sequence:
    guard let elements = json.arrayValue else { throw mismatch(json.kindName) }
    if feature.sequenceConstraint?.valueDescription.type == .string {
      return MLFeatureValue(
        sequence: MLSequence(
          strings: try elements.map {
            if let text = $0.stringValue { return text } else { throw mismatch("the element \($0.serialised())") }
          }))
    }
    return MLFeatureValue(
      sequence: MLSequence(
        int64s: try elements.map {
          if let number = exactInteger($0) {
            return NSNumber(value: number)
          } else {
            throw mismatch("the element \($0.serialised())")
          }
        }))
  default: throw mismatch("a value")
  }
}

private func dictionary(_ json: JSON, _ feature: MLFeatureDescription, _ mismatch: (String) -> Failure) throws
  -> [AnyHashable: NSNumber]
{
  guard let pairs = json.arrayValue else { throw mismatch("\(json.kindName), expected [[key, number], …]") }
  let hasStringKeys = feature.dictionaryConstraint?.keyType == .string
  var dictionary = [AnyHashable: NSNumber](minimumCapacity: pairs.count)
  for pair in pairs {
    guard let pair = pair.arrayValue, pair.count == 2, let value = real(pair[1]) else {
      throw mismatch("the pair \(pair.serialised())")
    }
    let key: AnyHashable
    if hasStringKeys {
      guard let text = pair[0].stringValue else { throw mismatch("the key \(pair[0].serialised()), expected a string") }
      key = AnyHashable(text)
    } else {
      guard let number = exactInteger(pair[0]) else {
        throw mismatch("the key \(pair[0].serialised()), expected an integer")
      }
      key = AnyHashable(number)
    }
    guard dictionary.updateValue(NSNumber(value: value), forKey: key) == nil else {
      throw mismatch("the key \(pair[0].serialised()) twice")
    }
  }
  return dictionary
}

// JSON numbers are doubles on the other side: integers beyond 2^53 travel as digits, what is not finite by name.

private func exactInteger(_ json: JSON) -> Int64? { json.integerValue ?? json.stringValue.flatMap { Int64($0) } }

private func real(_ json: JSON) -> Double? {
  switch json.stringValue {
  case "NaN"?: return .nan
  case "Infinity"?: return .infinity
  case "-Infinity"?: return -.infinity
  default: return json.doubleValue
  }
}

private func json(_ number: Int64) -> JSON { number.magnitude <= 1 << 53 ? .integer(number) : .string(String(number)) }

private func json(_ number: Double) -> JSON {
  if number.isNaN { return "NaN" }
  if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
  return .number(number)
}

extension MLFeatureValue {
  /// The value of a result that is neither tensor nor image; `labels` give a dictionary its order.
  func json(labels: [Any]?) -> JSON {
    switch type {
    case .int64: return TensorLogic.json(int64Value)
    case .double: return TensorLogic.json(doubleValue)
    case .string: return .string(stringValue)
    case .sequence:
      guard let sequence = sequenceValue else { return .null }
      if sequence.type == .string { return .array(sequence.stringValues.map { .string($0) }) }
      return .array(sequence.int64Values.map { TensorLogic.json($0.int64Value) })
    case .dictionary: return dictionaryJSON(labels)
    default: return .null
    }
  }

  private func dictionaryJSON(_ labels: [Any]?) -> JSON {
    var rest = dictionaryValue
    var pairs: [JSON] = []
    pairs.reserveCapacity(rest.count)
    for label in labels ?? [] {
      guard let key = label as? AnyHashable, let value = rest.removeValue(forKey: key) else { continue }
      pairs.append([keyJSON(key), TensorLogic.json(value.doubleValue)])
    }
    for (key, value) in rest.sorted(by: { precedes($0.key, $1.key) }) {
      pairs.append([keyJSON(key), TensorLogic.json(value.doubleValue)])
    }
    return .array(pairs)
  }
}

private func keyJSON(_ key: AnyHashable) -> JSON {
  if let text = key.base as? String { return .string(text) }
  return integer(key).map { json($0) } ?? .null
}

private func integer(_ key: AnyHashable) -> Int64? { (key.base as? Int64) ?? (key.base as? NSNumber)?.int64Value }

private func precedes(_ a: AnyHashable, _ b: AnyHashable) -> Bool {
  if let a = integer(a), let b = integer(b) { return a < b }
  return "\(a)" < "\(b)"
}
