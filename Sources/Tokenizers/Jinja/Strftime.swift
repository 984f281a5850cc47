/// `strftime` in the C locale, with the flags of the GNU C library.
extension TemplateDate {
  private static let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]

  func formatted(_ format: PythonString, _ budget: Budget) throws -> PythonString {
    var result = ""
    var rest = format.scalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "%", !rest.isEmpty else {
        result.unicodeScalars.append(scalar)
        continue
      }
      let flag = rest.first.flatMap { "-_0^#".unicodeScalars.contains($0) ? $0 : nil }
      if flag != nil { rest.removeFirst() }
      guard let code = rest.popFirst() else { break }
      result += try field(Character(code), flag)
    }
    try budget.make(result.utf8.count)
    return PythonString(result)
  }

  private func field(_ code: Character, _ flag: Unicode.Scalar?) throws -> String {
    if let (value, width, padding) = number(code) {
      let digits = String(value)
      let fill = flag == "_" ? " " : flag == "0" ? "0" : padding
      return flag == "-" ? digits : String(repeating: fill, count: max(0, width - digits.count)) + digits
    }
    let text = try name(code)
    switch flag {
    case "^": return text.uppercased()
    case "#": return code == "p" ? text.lowercased() : text.uppercased()
    default: return text
    }
  }

  private var hourOfTwelve: Int { hour % 12 == 0 ? 12 : hour % 12 }

  /// A field that is a number, its width and what it is padded with.
  private func number(_ code: Character) -> (Int, Int, String)? {
    switch code {
    case "d": (day, 2, "0")
    case "e": (day, 2, " ")
    case "m": (month, 2, "0")
    case "y": (year % 100, 2, "0")
    // The GNU C library writes years without leading zeros.
    case "Y": (year, 1, "0")
    case "C": (year / 100, 2, "0")
    case "H": (hour, 2, "0")
    case "k": (hour, 2, " ")
    case "I": (hourOfTwelve, 2, "0")
    case "l": (hourOfTwelve, 2, " ")
    case "M": (minute, 2, "0")
    case "S": (second, 2, "0")
    case "f": (0, 6, "0")
    case "j": (dayOfYear, 3, "0")
    case "u": (weekday == 0 ? 7 : weekday, 1, "0")
    case "w": (weekday, 1, "0")
    case "U": ((dayOfYear + 6 - weekday) / 7, 2, "0")
    case "W": ((dayOfYear + 6 - (weekday + 6) % 7) / 7, 2, "0")
    case "V": (isoWeek.week, 2, "0")
    case "G": (isoWeek.year, 1, "0")
    case "g": (isoWeek.year % 100, 2, "0")
    default: nil
    }
  }

  private func name(_ code: Character) throws -> String {
    func write(_ format: PythonString) throws -> String { try formatted(format, Budget(JinjaLimits())).string }
    switch code {
    case "a": return String(Self.days[weekday].prefix(3))
    case "A": return Self.days[weekday]
    case "b", "h": return String(Self.months[month - 1].prefix(3))
    case "B": return Self.months[month - 1]
    case "p": return hour < 12 ? "AM" : "PM"
    case "P": return hour < 12 ? "am" : "pm"
    case "c": return try write("%a %b %e %H:%M:%S %Y")
    case "x", "D": return try write("%m/%d/%y")
    case "X", "T": return try write("%H:%M:%S")
    case "R": return try write("%H:%M")
    case "r": return try write("%I:%M:%S %p")
    case "F": return try write("%Y-%m-%d")
    case "n": return "\n"
    case "t": return "\t"
    case "%": return "%"
    // A date without a zone has none to print.
    case "z", "Z": return ""
    default: throw JinjaError(.unsupported, "the field %\(code) of strftime_now is not supported")
    }
  }
}
