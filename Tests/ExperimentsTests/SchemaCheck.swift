import Foundation
import Yams

/// The part of JSON Schema that an experiment's schema uses, checked: enough to tell whether a document fits.
struct SchemaCheck {
  /// Where a document does not fit, in words; empty where it does.
  static func problems(_ value: Any, _ schema: [String: Any], at path: String = "$") -> [String] {
    var found: [String] = []
    if let type = schema["type"] as? String, !isA(type, value) { return ["\(path) is no \(type)"] }
    if let choices = schema["enum"] as? [String], !choices.contains(where: { $0 == value as? String }) {
      found.append("\(path) is none of \(choices)")
    }
    if let pattern = schema["pattern"] as? String, let text = value as? String,
      text.range(of: pattern, options: .regularExpression) == nil
    {
      found.append("\(path) does not match \(pattern)")
    }
    if let least = schema["minimum"] as? Int, let number = value as? Int, number < least {
      found.append("\(path) is below \(least)")
    }
    if let list = value as? [Any], let items = schema["items"] as? [String: Any] {
      if list.count < schema["minItems"] as? Int ?? 0 { found.append("\(path) is too short") }
      for (index, item) in list.enumerated() { found += problems(item, items, at: "\(path)[\(index)]") }
    }
    if let object = value as? [String: Any] { found += members(object, schema, path) }
    return found
  }

  private static func members(_ object: [String: Any], _ schema: [String: Any], _ path: String) -> [String] {
    let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
    var found = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }.map { "\(path) lacks \($0)" }
    for (key, value) in object {
      if let known = properties[key] {
        found += problems(value, known, at: "\(path).\(key)")
      } else if let other = schema["additionalProperties"] as? [String: Any] {
        found += problems(value, other, at: "\(path).\(key)")
      } else {
        found.append("\(path).\(key) is unknown")
      }
    }
    return found
  }

  private static func isA(_ type: String, _ value: Any) -> Bool {
    switch type {
    case "object": value is [String: Any]
    case "array": value is [Any]
    case "string": value is String
    case "integer": value is Int
    case "number": value is Double || value is Int
    case "boolean": value is Bool
    default: false
    }
  }
}
