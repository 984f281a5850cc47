import Foundation
import Foundations

/// What a client calls its request: the answer carries it back.
enum CallID: Encodable, Equatable {
  case text(String)
  case number(Int)
  case null

  /// Nil for what JSON-RPC does not allow.
  init?(_ value: JSONValue) {
    if let text = value.string {
      self = .text(text)
    } else if let number = value.integer {
      self = .number(number)
    } else if value.isNull {
      self = .null
    } else {
      return nil
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .number(let number): try container.encode(number)
    case .null: try container.encodeNil()
    }
  }
}

/// One request of JSON-RPC 2.0 (https://www.jsonrpc.org/specification): a method by name, and its parameters by name.
struct RemoteCall {
  /// Nil for a notification, which is not answered.
  let id: CallID?
  let method: String
  let parameters: RemoteParameters

  /// - Throws: `CallError`, with the id of the request as far as it could be read.
  init(_ line: Data) throws(CallError) {
    let value: JSONValue
    do { value = try JSONParser.parse(Array(line)) } catch {
      throw CallError(.parse, "is no JSON: \(error.message) (byte \(error.position) of the line)")
    }
    id = value["id"].flatMap(CallID.init)
    guard value.object != nil, value["jsonrpc"]?.string == "2.0", let method = value["method"]?.string else {
      throw CallError(.invalidRequest, "is no request like \(Self.example); send one object a line", id: id)
    }
    guard value["id"] == nil || id != nil else {
      throw CallError(.invalidRequest, "has an id that is neither a string nor a whole number")
    }
    guard let parameters = RemoteParameters(value.present("params")) else {
      throw CallError(.invalidParameters, "params must be an object of names and values", id: id)
    }
    (self.method, self.parameters) = (method, parameters)
  }

  static let example = #"{"jsonrpc": "2.0", "id": 1, "method": "hello"}"#
}

/// An error as JSON-RPC answers it: its code, one sentence, and for errors of Telltale code, place and remedy as well.
struct CallError: Error {
  enum Code: Int {
    case parse = -32700
    case invalidRequest = -32600
    case methodNotFound = -32601
    case invalidParameters = -32602
    case failed = -32000
    case badInput = -32001
    case invalidArgument = -32002
    case outOfMemory = -32003
  }

  var code: Code
  var message: String
  var id: CallID?
  /// Where the input is wrong, and what would help.
  var location: InputLocation?
  var remedy: TelltaleError.Remedy?

  init(_ code: Code, _ message: String, id: CallID? = nil) {
    (self.code, self.message, self.id) = (code, message, id)
  }

  init(_ error: any Error) {
    if let known = error as? CallError {
      self = known
      return
    }
    guard let located = error as? TelltaleError else {
      self.init(.failed, "\(error)")
      return
    }
    self.init(Self.code(located.code), located.description)
    (location, remedy) = (located.location, located.remedy)
  }

  private static func code(_ code: TelltaleError.Code) -> Code {
    switch code {
    case .badInput: .badInput
    case .invalidArgument: .invalidArgument
    case .outOfMemory: .outOfMemory
    case .failed: .failed
    }
  }
}

extension CallError: Encodable {
  private enum Key: String, CodingKey { case code, message, data }

  private struct Details: Encodable {
    var code: String
    var file: String?
    var line: Int?
    var item: String?
    var remedy: String?
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(code.rawValue, forKey: .code)
    try container.encode(message, forKey: .message)
    let details = Details(
      code: "\(code)", file: location?.file, line: location?.line, item: location?.item, remedy: remedy?.rawValue)
    try container.encode(details, forKey: .data)
  }
}
