/// The variables of a place in a template: those of a loop's pass, a macro's call or a block, and around them those
/// of the template and of the caller.
final class Scope {
  private let parent: Scope?
  private var numbers: [Int] = []
  private var values: [JinjaValue] = []
  /// By number, for the outer scopes, where most variables are.
  private var table: [JinjaValue?]

  /// A scope for many variables.
  init(variableCount: Int, in parent: Scope? = nil) {
    self.parent = parent
    table = Array(repeating: nil, count: variableCount)
  }

  /// A scope for a few variables.
  init(in parent: Scope) {
    self.parent = parent
    table = []
  }

  subscript(number: Int) -> JinjaValue? {
    var next: Scope? = self
    while let scope = next {
      if let value = scope.own(number) { return value }
      next = scope.parent
    }
    return nil
  }

  private func own(_ number: Int) -> JinjaValue? {
    if number < table.count { return table[number] }
    for index in numbers.indices where numbers[index] == number { return values[index] }
    return nil
  }

  func set(_ number: Int, _ value: JinjaValue) {
    if number < table.count {
      table[number] = value
    } else if let index = numbers.firstIndex(of: number) {
      values[index] = value
    } else {
      numbers.append(number)
      values.append(value)
    }
  }
}
