import Foundation

/// How the learning rate changes over a training run, as transformers' schedules of the same names do.
public enum LearningRateSchedule: String, Sendable, CaseIterable, Codable {
  case constant, linear, cosine

  /// The factor of the learning rate at `step`, counted from 0: step / warmUp during warm-up (so a first step with
  /// warm-up changes nothing), then 1, (steps - step) / (steps - warmUp), or half a cosine from 1 to 0.
  public func factor(step: Int, warmUp: Int, steps: Int) -> Double {
    if step < warmUp { return Double(step) / Double(max(1, warmUp)) }
    let progress = Double(step - warmUp) / Double(max(1, steps - warmUp))
    switch self {
    case .constant: return 1
    case .linear: return max(0, 1 - progress)
    case .cosine: return max(0, 0.5 * (1 + cos(.pi * progress)))
    }
  }
}
