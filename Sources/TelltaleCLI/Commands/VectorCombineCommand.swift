import ArgumentParser
import CommandSupport
import Foundation
import LanguageModels
import Steering

extension VectorOperation: ExpressibleByArgument {}

struct VectorCombineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "combine", abstract: "Add, subtract, average or orthogonalise vectors; project answer letters out.",
    discussion: """
      add: the sum. subtract: the first minus the others. average: the sum by the number of files, over data sets for \
      instance. orthogonalise: the first without its part in the span of the others. Every layer that all files hold is \
      computed by itself, on vectors as they are stored; --unit counts each with length 1.

      --without-letters projects out, at the end, the direction that raises the logit of answer "A" against "B" in \
      --model. The result states what it was made of; one that is zero is refused.
      """)

  @Argument(help: "add, subtract, average or orthogonalise.")
  var operation: VectorOperation
  @Argument(help: "Vector files of any known format.")
  var files: [String]
  @Flag(help: "Count every vector with length 1 instead of as it is stored.")
  var unit = false
  @Option(parsing: .unconditional, help: "Multiply the result.")
  var scale = 1.0
  @Flag(help: "Project the answer letters' direction out of the result; needs --model.")
  var withoutLetters = false
  @Option(help: "The model whose answer letters are meant.")
  var model: String?
  @Option(help: "What stands before the letters, as they are tokenised in an answer (default: \"Answer: (\").")
  var lettersAfter: String?
  @OptionGroup var foreign: ForeignOptions
  @Option(help: "The vector file to write.")
  var output: String
  @OptionGroup var overwriting: OverwriteOptions
  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard !withoutLetters || model != nil else { throw ValidationError("--without-letters needs --model") }
  }

  func run() throws {
    try overwriting.check(output)
    var arithmetic = VectorArithmetic(operation)
    (arithmetic.unit, arithmetic.scale) = (unit, scale)
    let inputs = try files.map { try foreign.read([$0]).vectors.named($0) }
    var result = try arithmetic.combine(inputs)
    if withoutLetters, let model { result = try removeLetters(result, model) }
    try result.write(to: URL(fileURLWithPath: output))
    let written = try foreign.read([output])
    var summary = VectorSummary(written)
    summary.output = output
    if json { try Output.json(summary) } else { summary.print() }
  }

  private func removeLetters(_ vectors: SteeringVectors, _ model: String) throws -> SteeringVectors {
    ThreadPolicy.choose(nil)
    let loaded = try LoadedModel(model)
    _ = try vectors.check(against: loaded.model, fingerprint: loaded.fingerprint)
    let direction = try LetterDirection(loaded, after: lettersAfter ?? "Answer: (")
    return try vectors.projectingOut(direction.direction, named: "the direction of answer A against B")
  }
}

extension SteeringVectors {
  /// The same, with the file they came from.
  fileprivate func named(_ file: String) -> SteeringVectors {
    var named = self
    named.provenance.file = file
    return named
  }
}
