import Foundation
import Foundations
import Torch

/// Small JSON files of a checkpoint; what is wrong with one is told in one sentence.
enum JSONFile {
  /// No configuration is longer than this.
  static let largest = 64 << 20

  static func decode<Value: Decodable>(_ url: URL, remedy: String) throws(TelltaleError) -> Value {
    let place = InputLocation(file: url.path)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw TelltaleError(.badInput, "is missing; \(remedy)", at: place)
    }
    let size = (try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    guard size <= largest else {
      throw TelltaleError(.badInput, "is larger than any configuration; \(remedy)", at: place)
    }
    guard let data = try? Data(contentsOf: url) else {
      throw TelltaleError(.badInput, "cannot be read; check its permissions", at: place)
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { return try decoder.decode(Value.self, from: data) } catch let error as DecodingError {
      throw TelltaleError(.badInput, "\(sentence(error)); \(remedy)", at: place)
    } catch {
      throw TelltaleError(.badInput, "is not JSON; \(remedy)", at: place)
    }
  }

  private static func sentence(_ error: DecodingError) -> String {
    switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "has a value of the wrong kind at \"\(context.codingPath.map(written).joined(separator: "."))\""
    case .keyNotFound(let key, _): "has no \"\(written(key))\""
    default: "is not valid JSON"
    }
  }

  /// A key as it is written in the file: `hiddenSize` is `hidden_size` there.
  private static func written(_ key: any CodingKey) -> String {
    key.stringValue.reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
  }
}
