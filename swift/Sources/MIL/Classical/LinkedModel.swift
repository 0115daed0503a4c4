/// LinkedModel.proto: a model in another file, beside this one.
public struct LinkedModel: Sendable {
  public private(set) var fileName = ""
  public private(set) var searchPath = ""

  public init(_ message: ProtobufMessage) throws {
    try message.forEach(field: 1) { link in
      let file = try link.message()
      try file.forEach(field: 1) { fileName = try LinkedModel.defaultValue($0) }
      try file.forEach(field: 2) { searchPath = try LinkedModel.defaultValue($0) }
    }
    guard !fileName.isEmpty else { throw message.malformed("the linked model has no file name") }
  }

  private static func defaultValue(_ parameter: ProtobufField) throws -> String {
    var value = ""
    try parameter.message().forEach(field: 1) { value = try $0.string() }
    return value
  }

  /// Where the model lies, seen from the file or folder that links to it: in the folder of that, or below it.
  /// A name of a compiled model also finds what it was compiled from.
  public func locate(from path: String) throws -> String {
    let directory = Path.directory(of: path)
    let enclosure = try Enclosure(directory)
    var candidates = [fileName]
    if fileName.hasSuffix(".mlmodelc") {
      candidates += [String(fileName.dropLast()), fileName.dropLast("mlmodelc".count) + "mlpackage"]
    }
    let places = searchPath.isEmpty ? ["."] : searchPath.split(separator: ":").map(String.init)
    for place in places {
      guard !place.hasPrefix("$"), !place.hasPrefix("/") else {
        throw ModelError(
          .unsupported,
          "\(path): links to '\(fileName)' in '\(place)'; expected a folder relative to the model's own")
      }
      for name in candidates {
        let relative = place == "." ? name : Path.join(place, name)
        do {
          return try enclosure.locate(relative, in: directory, what: "the linked model")
        } catch let error as ModelError where error.code == .notFound {
          continue
        }
      }
    }
    throw ModelError(
      .notFound,
      "\(path): links to '\(fileName)', which is not in \(places.map { Path.join(directory, $0) }.joined(separator: ", "))"
    )
  }
}
