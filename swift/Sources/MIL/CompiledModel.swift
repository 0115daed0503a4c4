struct CompiledModel {
  let path: String
  func model() throws -> ModelSpecification { throw ModelError(.unsupported, "\(path): compiled models (.mlmodelc) are not supported yet") }
}
