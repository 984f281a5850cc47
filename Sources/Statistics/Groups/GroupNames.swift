/// What is wrong with the names of groups: blanks, and names that differ only in what cannot be seen.
public enum GroupNames {
  /// Whether a cell says that the group is missing: nothing but white space, or nan, NA, N/A, None, null and what else pandas
  /// reads as missing (`na_values` of `read_csv`) or writes for it, in any case.
  public static func isBlank(_ name: String) -> Bool {
    let plain = canonical(name, foldingCase: true)
    return plain.isEmpty || missing.contains(plain)
  }

  private static let missing: Set<String> = [
    "nan", "-nan", "na", "n/a", "#na", "#n/a", "#n/a n/a", "<na>", "nat", "none", "null", "nil", "1.#ind", "-1.#ind",
    "1.#qnan",
    "-1.#qnan", "undefined",
  ]

  /// The rows (from 0) whose group is missing.
  public static func blankRows(_ names: [String]) -> [Int] {
    var known: [String: Bool] = [:]
    return names.indices.filter { row in
      if let answer = known[names[row]] { return answer }
      let answer = isBlank(names[row])
      known[names[row]] = answer
      return answer
    }
  }

  /// Names that are the same once what cannot be seen is left out, each with its spellings; empty if all is well.
  ///
  /// White space at the ends and runs of it inside, byte-order and zero-width marks, composed and decomposed letters, case,
  /// and numbers written two ways (`1`, `1.0`, `01`) are seen through. O(n).
  public static func alike(_ names: [String]) -> [AlikeNames] {
    var spellings: [String: [[UInt8]]] = [:]
    var order: [String] = []
    var seen: Set<[UInt8]> = []
    for name in names where seen.insert(Array(name.utf8)).inserted {
      let key = number(canonical(name, foldingCase: true)) ?? canonical(name, foldingCase: true)
      if spellings[key] == nil { order.append(key) }
      spellings[key, default: []].append(Array(name.utf8))
    }
    return order.compactMap { key in
      guard let bytes = spellings[key], bytes.count > 1 else { return nil }
      return AlikeNames(spellings: bytes.map { String(decoding: $0, as: UTF8.self) })
    }
  }

  /// Without invisible marks, white space trimmed and every run of it one space; in lower case on demand. Two spellings of a
  /// letter (composed or not) are equal as Swift strings.
  static func canonical(_ name: String, foldingCase: Bool) -> String {
    var result = String.UnicodeScalarView()
    var isSpace = false
    for scalar in name.unicodeScalars where !isInvisible(scalar) {
      if scalar.properties.isWhitespace {
        isSpace = !result.isEmpty
      } else {
        if isSpace { result.append(" ") }
        isSpace = false
        result.append(scalar)
      }
    }
    return foldingCase ? String(result).lowercased() : String(result)
  }

  /// Byte-order mark, zero-width space and joiners, soft hyphen, direction marks, variation selectors; control characters.
  static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isDefaultIgnorableCodePoint
      || (scalar.properties.generalCategory == .control && !scalar.properties.isWhitespace)
  }

  /// One spelling for a plain decimal number of up to 15 digits: no leading zeros, no zeros at the end of a fraction.
  static func number(_ name: String) -> String? {
    let isDecimal = name.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 || $0 == 43 || $0 == 45 }
    let digits = name.utf8.count(where: { (48...57).contains($0) })
    guard isDecimal, digits <= 15, let value = Double(name) else { return nil }
    return "\u{0}number \(value == 0 ? 0 : value)"
  }
}

/// Spellings that look like one name.
public struct AlikeNames: Sendable, Equatable {
  /// What tells them apart.
  public enum Difference: String, Sendable, Equatable, CaseIterable {
    case whiteSpace = "spaces"
    case invisible = "invisible characters"
    case composition = "composed and decomposed letters"
    case letterCase = "upper and lower case"
    case number = "the way a number is written"
  }

  /// As they occur, in order of appearance.
  public let spellings: [String]
  public let differences: [Difference]

  init(spellings: [String]) {
    self.spellings = spellings
    let forms = spellings.map(NameForms.init)
    differences = Difference.allCases.filter { difference in
      forms.dropFirst().contains { $0.differs(from: forms[0], in: difference) }
    }
  }

  /// One sentence for a report; marks that cannot be seen are written as their code points.
  public var sentence: String {
    let list = spellings.prefix(4).map { "\"\(visible($0))\"" }.joined(separator: ", ")
    let causes = differences.map(\.rawValue).joined(separator: ", ")
    return
      "The groups \(list) differ only in \(causes) and count as \(spellings.count) questions; write them alike, or "
      + "confirm that they are different."
  }
}

/// One name with more and more seen through.
private struct NameForms {
  let raw: [Unicode.Scalar]
  let withoutMarks: [Unicode.Scalar]
  let trimmed: String
  let folded: String

  init(_ name: String) {
    raw = Array(name.unicodeScalars)
    withoutMarks = raw.filter { !GroupNames.isInvisible($0) }
    trimmed = GroupNames.canonical(name, foldingCase: false)
    folded = GroupNames.canonical(name, foldingCase: true)
  }

  func differs(from other: NameForms, in difference: AlikeNames.Difference) -> Bool {
    switch difference {
    case .invisible: marks != other.marks
    case .whiteSpace: spaces != other.spaces
    case .composition: trimmed == other.trimmed && letters != other.letters
    case .letterCase: trimmed != other.trimmed && folded == other.folded
    case .number: folded != other.folded
    }
  }

  private var marks: [Unicode.Scalar] { raw.filter(GroupNames.isInvisible) }
  private var spaces: [String] {
    withoutMarks.split(omittingEmptySubsequences: false) { !$0.properties.isWhitespace }
      .map { String(String.UnicodeScalarView($0)) }.filter { !$0.isEmpty }
  }
  private var letters: [Unicode.Scalar] { Array(trimmed.unicodeScalars) }
}

/// A name with its invisible marks as U+....
private func visible(_ name: String) -> String {
  name.unicodeScalars.map { scalar in
    guard GroupNames.isInvisible(scalar) || (scalar.properties.isWhitespace && scalar != " ") else {
      return String(scalar)
    }
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "<U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ">"
  }.joined()
}
