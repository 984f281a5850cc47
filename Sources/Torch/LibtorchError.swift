internal import CTorch
import Foundations

extension TelltaleError {
  /// Takes over the message of a failed call and frees the C side's copy.
  init(taking error: inout ct_error) {
    let text = error.message.map { String(cString: $0) } ?? "unknown failure in libtorch"
    let code: Code =
      switch error.code {
      case Int32(CT_INVALID.rawValue): .invalidArgument
      case Int32(CT_OUT_OF_MEMORY.rawValue): .outOfMemory
      default: .failed
      }
    self.init(code, text.split(separator: "\n").first.map(String.init) ?? text)
    ct_error_clear(&error)
  }
}
