import Foundations

/// How an adapter is trained.
public struct TrainingSettings: Sendable, Equatable, Codable {
  public var learningRate = 2e-4
  public var schedule = LearningRateSchedule.linear
  /// Optimiser steps over which the learning rate rises from 0.
  public var warmUp = 0
  /// Optimiser steps altogether.
  public var steps = 100
  /// Sequences a pass.
  public var batch = 4
  /// Passes whose gradients are summed for one optimiser step. The loss of a step is the mean over all its predicted
  /// tokens, so that 2 passes of 4 are one of 8.
  public var accumulate = 1
  /// The largest Euclidean norm of a step's gradient; longer ones are cut to it. nil cuts nothing.
  public var largestGradient: Double?
  public var weightDecay = 0.01
  /// Of the first matrices, the order of the data and the dropout.
  public var seed: UInt64 = 0
  /// Whether a block's activations are computed again in the backward pass instead of being kept.
  public var gradientCheckpointing = false

  public init() {}

  /// Refuses numbers that mean nothing.
  func check() throws(TelltaleError) {
    for (name, value) in [("steps", steps), ("batch", batch), ("accumulate", accumulate)] where value < 1 {
      throw TelltaleError(.badInput, "the training's \(name) must be at least 1, not \(value)")
    }
    guard learningRate > 0, learningRate.isFinite else {
      throw TelltaleError(.badInput, "the learning rate must be a positive number, not \(learningRate)")
    }
    guard warmUp >= 0, warmUp <= steps else {
      throw TelltaleError(.badInput, "the warm-up must be 0 to the \(steps) steps of the training, not \(warmUp)")
    }
    guard weightDecay >= 0, weightDecay.isFinite else {
      throw TelltaleError(.badInput, "the weight decay must be 0 or a positive number, not \(weightDecay)")
    }
    if let largest = largestGradient, !(largest > 0) {
      throw TelltaleError(.badInput, "the largest gradient must be a positive number, not \(largest)")
    }
  }

  // MARK: The order of the data

  /// Optimiser steps of one pass over `count` sequences; the last may hold fewer.
  public func stepsPerEpoch(_ count: Int) -> Int { (count + batch * accumulate - 1) / (batch * accumulate) }

  /// The sequences of a step, by pass: every epoch goes through all of them in its own order, which follows from
  /// the seed, the epoch and nothing else. A training that was interrupted continues in the same order.
  func batches(step: Int, of count: Int) -> [[Int]] {
    let (epoch, within) = step.quotientAndRemainder(dividingBy: stepsPerEpoch(count))
    var random = SeededGenerator(seed: seed, stream: epoch)
    let order = random.shuffled(Array(0..<count))
    let taken = order.dropFirst(within * batch * accumulate).prefix(batch * accumulate)
    return stride(from: taken.startIndex, to: taken.endIndex, by: batch).map {
      Array(taken[$0..<min($0 + batch, taken.endIndex)])
    }
  }

  /// The seed of what dropout leaves out at one place in one pass: a function of its arguments, so that a block that
  /// is computed again leaves out the same.
  func dropoutSeed(step: Int, pass: Int, place: Int) -> UInt64 {
    var ofPass = SeededGenerator(seed: ~seed, stream: step * accumulate + pass)
    var ofPlace = SeededGenerator(seed: ofPass.next(), stream: place)
    return ofPlace.next()
  }
}
