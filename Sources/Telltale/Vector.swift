import Foundation
import Foundations
import Statistics
import Steering

/// One direction of the residual stream per layer, and what is known of how it was made.
public struct Vector: Sendable {
  private let audited: AuditedVector

  init(_ audited: AuditedVector) { self.audited = audited }

  /// Reads a vector file. What it was made of is not in it, so an audit knows no null vectors of the same making.
  public init(contentsOf url: URL) throws { audited = AuditedVector(try SteeringVectors(contentsOf: url)) }

  public func write(to url: URL) throws { try audited.vectors.write(to: url) }

  /// The vectors, with what their file states.
  public var vectors: SteeringVectors { audited.vectors }

  /// The sceptical audit: does the cosine with the vector, at the best of all layers, predict the labels of a recording?
  ///
  /// - Parameters:
  ///   - recording: of rows whose questions the vector was not made from.
  ///   - position: where its activations were read: `prompt` or `continuation`.
  ///   - draws: null directions of each kind.
  public func audit(
    on recording: Recording, at position: ReadPosition = .prompt, draws: Int = 1_000, seed: UInt64 = 0
  ) throws -> Audit {
    var options = RecordingAudit.Options()
    (options.draws, options.seed) = (draws, seed)
    let judged = try RecordingAudit(
      AuditTarget(recording, at: position).winsorised(by: vectors.winsorising), layers: vectors.sortedLayers,
      options: options
    )
    .judge(audited)
    guard let audit = try judged.verdict() else {
      throw TelltaleError(.badInput, "the vector has no layer of the recording to be judged at")
    }
    return audit
  }
}
