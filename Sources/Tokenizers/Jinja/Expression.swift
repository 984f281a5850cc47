/// A constant of a template.
enum Literal: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(PythonString)

  var value: JinjaValue {
    switch self {
    case .none: .none
    case .bool(let value): .bool(value)
    case .int(let value): .int(value)
    case .float(let value): .float(value)
    case .string(let text): .string(text)
    }
  }
}

/// The name of an attribute, a filter or an argument, in both spellings that are needed.
struct Name: Sendable, Equatable {
  let string: String
  let text: PythonString

  init(_ string: String) {
    self.string = string
    text = PythonString(string)
  }
}

/// The arguments of a call as they are written.
struct CallArguments: Sendable {
  var positional: [Expression] = []
  var named: [(name: String, value: Expression)] = []
  /// What follows `*`.
  var list: Expression?
  /// What follows `**`.
  var dictionary: Expression?

  var isEmpty: Bool { positional.isEmpty && named.isEmpty && list == nil && dictionary == nil }
}

enum BinaryOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case modulo = "%"
  case power = "**"
}

enum ComparisonOperator: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case contained = "in"
  case notContained = "not in"
}

/// An expression of a template.
indirect enum Expression: Sendable {
  case constant(Literal)
  /// A variable, by its number in the template's table of names.
  case variable(Int)
  case list([Expression])
  case tuple([Expression])
  case dict([(key: Expression, value: Expression)])
  case attribute(Expression, Name)
  case item(Expression, Expression)
  case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
  case call(Expression, CallArguments)
  /// A filter; nil stands for the body of a block that the filter works on.
  case filter(Expression?, Name, CallArguments)
  case test(Expression, Name, CallArguments)
  case negative(Expression)
  case positive(Expression)
  case not(Expression)
  case and(Expression, Expression)
  case or(Expression, Expression)
  case binary(BinaryOperator, Expression, Expression)
  /// The operator `~`.
  case concatenation([Expression])
  case comparison(Expression, [(ComparisonOperator, Expression)])
  /// `then if test else otherwise`.
  case conditional(test: Expression, then: Expression, otherwise: Expression?)
}
