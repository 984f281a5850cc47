/// Something that is known of every row besides score, label and question: the prompt's length, its template, the turn.
///
/// A prediction must survive holding it fixed. `nil` is a row where it is not known, a level among the others.
public struct Covariate: Sendable, Equatable {
  public enum Values: Sendable, Equatable {
    case numeric([Double?])
    case categorical([String])
  }

  /// As in the column's header, or in a sentence: "answer letter".
  public let name: String
  public let values: Values
  /// Whether its levels are a sample of many (templates, personas, conversations) that cross the questions, so that
  /// intervals must allow for other levels.
  public let isSampled: Bool

  public init(name: String, values: Values, isSampled: Bool = false) {
    (self.name, self.values, self.isSampled) = (name, values, isSampled)
  }

  public var count: Int {
    switch values {
    case .numeric(let numbers): numbers.count
    case .categorical(let names): names.count
    }
  }

  public var kind: CovariateResult.Kind {
    switch values {
    case .numeric: .numeric
    case .categorical: .categorical
    }
  }
}
