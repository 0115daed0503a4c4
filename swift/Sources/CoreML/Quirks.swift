import Glibc

/// The worst that Core ML has been seen to do, on request: `TENSORLOGIC_QUIRKS=strides,backings,alias`.
struct Quirks {
  /// Outputs whose last axis is padded to 32 elements.
  var padsStrides = false
  /// Output backings are ignored.
  var ignoresBackings = false
  /// An output that equals an input shares its memory.
  var aliasesInputs = false

  static let active: Quirks = {
    var quirks = Quirks()
    guard let text = getenv("TENSORLOGIC_QUIRKS") else { return quirks }
    for word in String(cString: text).split(separator: ",") {
      switch word {
      case "strides": quirks.padsStrides = true
      case "backings": quirks.ignoresBackings = true
      case "alias": quirks.aliasesInputs = true
      default: fputs("tensorlogic: TENSORLOGIC_QUIRKS: \(word) is not one of strides, backings, alias\n", stderr)
      }
    }
    return quirks
  }()
}
