/// A statement of a template.
///
/// Bodies with their own variables are frames, and have a number (see `ScopeAnalysis`).
struct Statement: Sendable {
  let kind: Kind
  /// The line it begins at, from 1.
  let line: Int

  indirect enum Kind: Sendable {
    case text(PythonString)
    case output(Expression)
    case condition([(test: Expression, body: [Statement])], otherwise: [Statement])
    case loop(ForLoop)
    case breakLoop
    case continueLoop
    case set(Target, Expression)
    case setBlock(Target, filter: Expression?, body: [Statement], frame: Int)
    case with([(target: Target, value: Expression)], body: [Statement], frame: Int)
    case macro(MacroDefinition)
    case callBlock(call: Expression, caller: MacroDefinition)
    case filterBlock(Expression, body: [Statement], frame: Int)
    /// `{% generation %}`: what an assistant says.
    case generation(body: [Statement], frame: Int)
    case block(body: [Statement], isScoped: Bool, frame: Int)
  }
}

/// What a value is given to.
indirect enum Target: Sendable {
  case variable(Int)
  /// An attribute of the namespace of that name.
  case attribute(Int, Name)
  case tuple([Target])
}

struct ForLoop: Sendable {
  let target: Target
  let sequence: Expression
  /// What follows `if`: elements without it are left out.
  let condition: Expression?
  let isRecursive: Bool
  let body: [Statement]
  let otherwise: [Statement]
  let frame: Int
  let elseFrame: Int
  /// The number of `loop` where the body reads it.
  let loopVariable: Int?
}

/// A macro, or the body of a call block, which is one without a name.
struct MacroDefinition: Sendable {
  let name: String?
  let variable: Int
  let parameters: [(variable: Int, name: String, fallback: Expression?)]
  let body: [Statement]
  /// The special names that the body reads: only then may they be given.
  let readsCaller: Bool
  let readsNamed: Bool
  let readsPositional: Bool
  /// The variables of the special names that are read.
  let specialVariables: [Int]
  let frame: Int
}
