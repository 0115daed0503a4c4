import MIL

/// A model that computes over features: checked when it is made, safe to run from several threads.
public protocol ClassicalModel: Sendable {
  /// nil where the model is no classifier.
  var classLabels: ClassLabels? { get }
  /// An optional input that nobody gives is not among `inputs`.
  func evaluate(_ inputs: [String: RuntimeValue]) throws -> [String: RuntimeValue]
}

extension ClassicalModel {
  public var classLabels: ClassLabels? { nil }
}

/// The model of one of the kinds in Model.proto's `Type` by its field number; nil for kinds that are none of these.
public func makeClassicalModel(fieldNumber: Int, _ message: ProtobufMessage, _ description: FunctionDescription) throws
  -> (any ClassicalModel)?
{
  let features = ClassicalFeatures(description)
  switch fieldNumber {
  case 300: return try LinearModelEvaluator(GeneralizedLinearModel(regressor: message), features)
  case 301: return try SupportVectorEvaluator(SupportVectorMachine(regressor: message), features)
  case 302: return try TreeEnsembleEvaluator(TreeEnsemble(regressor: message), features)
  case 400: return try LinearModelEvaluator(GeneralizedLinearModel(classifier: message), features)
  case 401: return try SupportVectorEvaluator(SupportVectorMachine(classifier: message), features)
  case 402: return try TreeEnsembleEvaluator(TreeEnsemble(classifier: message), features)
  case 404: return try NearestNeighborsEvaluator(NearestNeighbors(message), features)
  case 501: return try RecommenderEvaluator(ItemSimilarityRecommender(message), features)
  case 600: return try OneHotEvaluator(OneHotEncoder(message), features)
  case 601: return try ImputerEvaluator(Imputer(message), features)
  case 602: return try FeatureVectorizerEvaluator(FeatureVectorizer(message), features)
  case 603: return try DictVectorizerEvaluator(DictVectorizer(message), features)
  case 604: return try ScalerEvaluator(Scaler(message), features)
  case 606: return try CategoricalMappingEvaluator(CategoricalMapping(message), features)
  case 607: return try NormalizerEvaluator(Normalizer(message), features)
  case 609: return try ArrayFeatureExtractorEvaluator(ArrayFeatureExtractor(message), features)
  case 610: return try NonMaximumSuppressionEvaluator(NonMaximumSuppression(message), features)
  case 900: return try IdentityEvaluator(features)
  default: return nil
  }
}
