/// Python's classes of characters.
extension Unicode.Scalar {
  /// `str.isspace`, also what `\s` matches.
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20: true
    case 0..<0x80: false
    case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// Where `str.splitlines` breaks.
  var isPythonLineEnd: Bool {
    switch value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  var isASCIIDigit: Bool { (0x30...0x39).contains(value) }

  /// `str.isalpha`.
  var isPythonLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// `str.isprintable`; what is not is escaped by `repr`.
  var isPythonPrintable: Bool {
    if value < 0x7F { return value >= 0x20 }
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }

  var isPythonDecimal: Bool { properties.numericType == .decimal }

  var isPythonDigit: Bool { properties.numericType == .decimal || properties.numericType == .digit }

  var isPythonNumeric: Bool { properties.numericType != nil }

  var isPythonAlphanumeric: Bool { isPythonLetter || isPythonNumeric }

  /// What may begin a name.
  var beginsIdentifier: Bool { self == "_" || properties.isXIDStart }

  var continuesIdentifier: Bool { self == "_" || properties.isXIDContinue }
}

/// Python's changes of case.
extension PythonString {
  func uppercased() -> PythonString { mapped { $0.properties.uppercaseMapping } }

  /// Sigma at the end of a word has a form to itself.
  func lowercased() -> PythonString {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(count)
    for index in scalars.indices { appendLowercase(index, to: &result) }
    return PythonString(result)
  }

  private func appendLowercase(_ index: Int, to result: inout [Unicode.Scalar]) {
    let scalar = scalars[index]
    if scalar.value < 0x80 {
      result.append((0x41...0x5A).contains(scalar.value) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
    } else if scalar == "\u{3A3}" {
      result.append(isFinalSigma(index) ? "\u{3C2}" : "\u{3C3}")
    } else {
      result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
    }
  }

  private func isFinalSigma(_ index: Int) -> Bool {
    let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
    let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    return before?.properties.isCased == true && after?.properties.isCased != true
  }

  /// `str.capitalize`.
  func capitalized() -> PythonString {
    var result: [Unicode.Scalar] = []
    for index in scalars.indices {
      if index == 0 { appendTitlecase(index, to: &result) } else { appendLowercase(index, to: &result) }
    }
    return PythonString(result)
  }

  private func appendTitlecase(_ index: Int, to result: inout [Unicode.Scalar]) {
    result.append(contentsOf: scalars[index].properties.titlecaseMapping.unicodeScalars)
  }

  /// `str.title`: each letter after what is no letter is a capital.
  func titlecased() -> PythonString {
    var result: [Unicode.Scalar] = []
    var isInWord = false
    for index in scalars.indices {
      if isInWord { appendLowercase(index, to: &result) } else { appendTitlecase(index, to: &result) }
      isInWord = scalars[index].properties.isCased
    }
    return PythonString(result)
  }

  func swappedCase() -> PythonString {
    var result: [Unicode.Scalar] = []
    for (index, scalar) in scalars.enumerated() {
      if scalar.properties.isUppercase {
        appendLowercase(index, to: &result)
      } else if scalar.properties.isLowercase {
        result.append(contentsOf: scalar.properties.uppercaseMapping.unicodeScalars)
      } else {
        result.append(scalar)
      }
    }
    return PythonString(result)
  }

  /// `str.isupper`: some cased character and none in another case.
  var isUppercase: Bool {
    scalars.contains { $0.properties.isCased }
      && !scalars.contains { $0.properties.isLowercase || $0.properties.generalCategory == .titlecaseLetter }
  }

  var isLowercase: Bool {
    scalars.contains { $0.properties.isCased }
      && !scalars.contains { $0.properties.isUppercase || $0.properties.generalCategory == .titlecaseLetter }
  }

  /// `str.istitle`.
  var isTitlecase: Bool {
    var (sawCased, afterCased) = (false, false)
    for scalar in scalars {
      let isCapital = scalar.properties.isUppercase || scalar.properties.generalCategory == .titlecaseLetter
      if isCapital ? afterCased : (scalar.properties.isLowercase && !afterCased) { return false }
      afterCased = isCapital || scalar.properties.isLowercase
      sawCased = sawCased || afterCased
    }
    return sawCased
  }

  /// `str.isidentifier`.
  var isIdentifier: Bool {
    guard let first = scalars.first, first.beginsIdentifier else { return false }
    return scalars.dropFirst().allSatisfy { $0.continuesIdentifier }
  }

  private func mapped(_ mapping: (Unicode.Scalar) -> String) -> PythonString {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(count)
    for scalar in scalars { result.append(contentsOf: mapping(scalar).unicodeScalars) }
    return PythonString(result)
  }
}
