import MIL

/// Why a kind of model does not run here, and what to do about it.
func refusal(of kind: String, _ path: String) -> ModelError {
  ModelError(.unsupported, "\(path): models of the kind \(kind) are not supported: \(refusals[kind] ?? unknownKind)")
}

private let unknownKind = "only Apple's Core ML runs this kind. Load the model on a Mac"
private let appleNetwork =
  "the file only names a network that is part of Apple's systems and not public. Load the model on a Mac, or train on features of a public network"
private let appleLanguage =
  "its data are in a format of Apple's Natural Language framework that is not public. Load the model on a Mac, or train the model with public tools and convert it with coremltools"

private let refusals: [String: String] = [
  "audioFeaturePrint": appleNetwork,
  "visionFeaturePrint": appleNetwork,
  "soundAnalysisPreprocessing":
    "how Apple's systems prepare the sound is not part of the file. Compute the log-mel spectrogram yourself and load the network behind it",
  "gazetteer": appleLanguage,
  "textClassifier": appleLanguage,
  "wordEmbedding": appleLanguage,
  "wordTagger": appleLanguage,
  "customModel":
    "its code is a class of the app that it was made for. Rebuild the model out of kinds that Core ML has, with coremltools",
  "serializedModel": "its content is opaque (encrypted or made by Apple's tools). Load the model that it was made from",
  "classConfidenceThresholding":
    "how Core ML applies the curves is not public. Load the classifier alone and compare its probabilities with a threshold of your choice",
  "bayesianProbitRegressor":
    "the scale β of its link function is not in the file. Load the model on a Mac, or convert it to a glmRegressor with a probit transform",
]
