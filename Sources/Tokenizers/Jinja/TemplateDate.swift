/// The time that a template which reads the clock is given, so that a run can be repeated.
package struct TemplateDate: Equatable, Sendable, CustomStringConvertible {
  package let year, month, day, hour, minute, second: Int

  /// - Returns: nil for what is no date of the Gregorian calendar in the years 1 to 9999.
  package init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
      day <= Self.length(ofMonth: month, of: year), (0..<24).contains(hour), (0..<60).contains(minute),
      (0..<60).contains(second)
    else { return nil }
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// Reads `2026-01-15`, `2026-01-15 12:00` or `2026-01-15T12:00:30`.
  package init?(_ text: String) {
    let parts = text.split(separator: text.contains("T") ? "T" : " ", omittingEmptySubsequences: false)
    guard let date = Self.numbers(parts[0], "-"), date.count == 3, parts.count <= 2 else { return nil }
    let time = parts.count == 2 ? Self.numbers(parts[1], ":") ?? [] : [0, 0]
    guard time.count == 2 || time.count == 3 else { return nil }
    self.init(
      year: date[0], month: date[1], day: date[2], hour: time[0], minute: time[1], second: time.count == 3 ? time[2] : 0
    )
  }

  package var description: String {
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
    let time = [hour, minute] + (second == 0 ? [] : [second])
    let day = "\(year)-\(two(month))-\(two(self.day))"
    return time == [0, 0] ? day : day + "T" + time.map(two).joined(separator: ":")
  }

  private static func numbers(_ text: Substring, _ separator: Character) -> [Int]? {
    let parts = text.split(separator: separator, omittingEmptySubsequences: false)
    let numbers = parts.compactMap { part in part.allSatisfy(\.isNumber) ? Int(part) : nil }
    return numbers.count == parts.count ? numbers : nil
  }

  private static func isLeap(_ year: Int) -> Bool { (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 }

  private static func length(ofMonth month: Int, of year: Int) -> Int {
    month == 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  /// The day of the year, from 1.
  var dayOfYear: Int { (1..<month).reduce(day) { $0 + Self.length(ofMonth: $1, of: year) } }

  /// The day of the week, 0 for Sunday.
  var weekday: Int {
    let before = year - 1
    return (before * 365 + before / 4 - before / 100 + before / 400 + dayOfYear) % 7
  }

  /// The week of ISO 8601, and the year that it belongs to.
  var isoWeek: (year: Int, week: Int) {
    let fromMonday = (weekday + 6) % 7
    let week = (dayOfYear - 1 - fromMonday + 10) / 7
    if week < 1 { return (year - 1, Self.isoWeeks(of: year - 1)) }
    return week > Self.isoWeeks(of: year) ? (year + 1, 1) : (year, week)
  }

  /// A year has 53 weeks if it begins or ends on a Thursday.
  private static func isoWeeks(of year: Int) -> Int {
    func lastWeekday(_ year: Int) -> Int { (year + year / 4 - year / 100 + year / 400) % 7 }
    return lastWeekday(year) == 4 || lastWeekday(year - 1) == 3 ? 53 : 52
  }
}

/// As text, such as `2026-01-15T12:00`.
extension TemplateDate: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let date = TemplateDate(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a date such as 2026-01-15")
    }
    self = date
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
