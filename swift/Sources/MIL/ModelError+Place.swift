extension ModelError {
  /// The same error with the place in the model that it concerns, innermost first.
  func adding(place: String) -> ModelError { ModelError(code, "\(message), in \(place)") }
}

/// Runs `body`; an error in it says that it happened in `place`.
func within<Result>(_ place: @autoclosure () -> String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as ModelError { throw error.adding(place: place()) }
}
