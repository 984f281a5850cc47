/// A piece of a template.
struct TemplateToken {
  enum Kind: Equatable {
    /// Text outside the marks.
    case data(PythonString)
    case variableBegin, variableEnd, blockBegin, blockEnd
    case name(String)
    case string(PythonString)
    case integer(Int)
    case float(Double)
    /// An operator or a bracket.
    case symbol(String)
    case end
  }

  let kind: Kind
  let line: Int

  /// How a message names it.
  var described: String {
    switch kind {
    case .data: "template data / text"
    case .variableBegin: "begin of print statement"
    case .variableEnd: "end of print statement"
    case .blockBegin: "begin of statement block"
    case .blockEnd: "end of statement block"
    case .name(let name): name
    case .string: "string"
    case .integer: "integer"
    case .float: "float"
    case .symbol(let symbol): symbol
    case .end: "end of template"
    }
  }
}
