import Foundation
import Foundations
import Tokenizers

/// A model on this machine, and whether Telltale opens it.
public struct LocalModel: Sendable, Codable {
  /// What `--model` takes: `owner/name@commit`, `smollm2`, `organism-split`, or a path.
  public var name: String
  /// What branches and tags of a Hugging Face repository name it.
  public var references: [String]
  /// Bytes of all files.
  public var bytes: Int
  /// The family, and how the weights are stored where they are no floats; nil where it does not open.
  public var family, quantisation: String?
  public var parameters: Int?
  /// Why it does not open; nil where it does.
  public var problem: String?

  public var opens: Bool { problem == nil }
}

extension ModelLocator {
  /// What the local Hugging Face cache, Telltale's own and the embedded models' folder hold. Headers are read, no weights.
  public static func models(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> [LocalModel] {
    let cache = HubSnapshots(environment)
    var all: [LocalModel] = []
    for id in cache.repositories() {
      for (commit, references) in cache.snapshots(of: id) {
        let short = commit.count == 40 ? String(commit.prefix(12)) : commit
        all.append(described("\(id)@\(short)", references, environment))
      }
    }
    return all + own(environment).map { described($0, [], environment) }
  }

  /// Telltale's own: what was fetched under a name, other GGUF files there, and the embedded models.
  private static func own(_ environment: [String: String]) -> [String] {
    let folder = fetchedFolder(environment)
    let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
      .filter { $0.lowercased().hasSuffix(".gguf") }
    let named = files.map { file in
      fetched.first { $0.value == file }?.key ?? folder.appendingPathComponent(file).path
    }
    return named + embedded.filter { (try? directory(for: $0, environment: environment)) != nil }
  }

  private static func described(
    _ name: String, _ references: [String], _ environment: [String: String]
  ) -> LocalModel {
    var model = LocalModel(name: name, references: references, bytes: 0)
    do {
      let place = try directory(for: name, environment: environment)
      model.bytes = byteCount(place)
      let (configuration, quantisation) = try opened(place)
      (model.family, model.quantisation) = (configuration.family, quantisation)
      model.parameters = configuration.weights.reduce(0) { $0 + $1.shape.reduce(1, *) }
      _ = try Tokenizer.load(directory: place)
    } catch {
      model.problem = "\(error)"
    }
    return model
  }

  /// Every weight's place and shape are looked at, as in loading.
  private static func opened(_ place: URL) throws -> (ModelConfiguration, quantisation: String?) {
    if isGGUF(place) {
      let model = try GGUFModel(place)
      try model.check()
      return (model.configuration, model.quantisation)
    }
    let checkpoint = try Checkpoint(directory: place)
    _ = try checkpoint.loader().places()
    return (checkpoint.configuration, checkpoint.quantisation)
  }

  private static func byteCount(_ place: URL) -> Int {
    let names = isDirectory(place.path) ? (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? [] : nil
    let files = names.map { $0.map(place.appendingPathComponent) } ?? [place]
    return files.reduce(0) { sum, file in
      let values = try? file.resolvingSymlinksInPath().resourceValues(forKeys: [.fileSizeKey])
      return sum + (values?.fileSize ?? 0)
    }
  }
}
