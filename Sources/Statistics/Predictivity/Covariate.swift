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

extension Covariate {
  /// A column as it stands in a CSV file: numeric if every cell that is not blank is a number, else categorical.
  ///
  /// `nil` for a column that cannot be held fixed: the same in every row, or texts of which more than a third are different
  /// (identifiers, prompts).
  public init?(name: String, cells: [String], isSampled: Bool = false) {
    let numbers = cells.map { cell in
      cell.allSatisfy(\.isWhitespace) ? nil : Double(cell.trimmingWhitespace()).flatMap { $0.isFinite ? $0 : nil }
    }
    let isNumeric = zip(cells, numbers).allSatisfy { $1 != nil || $0.allSatisfy(\.isWhitespace) }
    let distinct = isNumeric ? Set(numbers).count : Set(cells).count
    guard distinct > 1, isNumeric || 3 * distinct <= cells.count else { return nil }
    // Numbers that name templates or personas are names.
    let values: Values = isNumeric && !isSampled ? .numeric(numbers) : .categorical(cells)
    self.init(name: name, values: values, isSampled: isSampled)
  }
}

extension String {
  fileprivate func trimmingWhitespace() -> Substring {
    var rest = self[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return rest
  }
}
