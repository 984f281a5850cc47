import ArgumentParser
import CommandSupport
import Foundations
import LanguageModels
import Torch

/// What adapter to train.
struct AdapterOptions: ParsableArguments {
  @Option(help: "Rank of the two matrices.")
  var rank = 8
  @Option(help: "The update is scaled by alpha / rank.")
  var alpha = 16.0
  @Flag(name: .customLong("rslora"), help: "Scale by alpha / sqrt(rank) instead (rank-stabilised).")
  var isRankStabilised = false
  @Option(help: "Modules to adapt, separated by commas, or all-linear.")
  var targets = "q_proj,v_proj"
  @Option(help: "Probability with which an element of an adapter's input is left out in training.")
  var dropout = 0.0

  var configuration: LoRAConfiguration {
    let named = targets.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let modules = targets == "all-linear" ? AdaptedModule.allCases.map(\.rawValue) : named
    return LoRAConfiguration(
      rank: rank, alpha: alpha, isRankStabilised: isRankStabilised, dropout: dropout, targets: modules)
  }
}

/// How to train it.
struct TrainingOptions: ParsableArguments {
  @Option(help: "Largest learning rate.")
  var learningRate = 2e-4
  @Option(help: "constant, linear or cosine.")
  var schedule = LearningRateSchedule.linear
  @Option(help: "Steps over which the learning rate rises from 0.")
  var warmup = 0
  @Option(help: "Optimiser steps (default: those of --epochs).")
  var steps: Int?
  @Option(help: "How often to go through the rows.")
  var epochs = 1
  @Option(help: "Rows a pass.")
  var batch = 4
  @Option(help: "Gradient-accumulation steps: passes per optimiser step.")
  var accumulate = 1
  @Option(help: "Largest norm of a step's gradient (default: not cut).")
  var clip: Double?
  @Option(help: "AdamW's decoupled weight decay.")
  var weightDecay = 0.01
  @Option(help: "Steps between checkpoints.")
  var checkpointEvery = 50
  @Option(
    help: ArgumentHelp(
      "GiB that activations may take; those of blocks that do not fit are computed again in the backward pass (default: half "
        + "of the free memory).", valueName: "gib"))
  var activationMemory: Double?
  @Flag(help: "Compute the activations of all blocks again: slower, with the least memory.")
  var gradientCheckpointing = false

  func check(_ model: ModelOptions) throws {
    guard !model.batchInvariant else {
      throw ValidationError("--batch-invariant is for reading and generating; leave it out of a training")
    }
    for (name, value) in [
      ("epochs", epochs), ("steps", steps ?? 1), ("batch", batch), ("accumulate", accumulate),
      ("checkpoint-every", checkpointEvery),
    ] where !(1...1_000_000).contains(value) {
      throw ValidationError("--\(name) must be from 1 to 1000000, not \(value)")
    }
    if let activationMemory, !(0...1_000_000).contains(activationMemory) {
      throw ValidationError("--activation-memory must be from 0 to 1000000 GiB, not \(activationMemory)")
    }
  }

  /// Bytes that activations may take; nil for any number, as on a GPU unless it is stated.
  func activationBytes(on device: Device) -> Int? {
    if let activationMemory { return Int(saturating: activationMemory * Double(1 << 30)) }
    return device == .cpu ? ActivationBudget.halfOfFreeMemory() : nil
  }

  /// - Parameter rows: to train on.
  func settings(rows: Int, seed: UInt64) throws -> TrainingSettings {
    var settings = TrainingSettings()
    (settings.learningRate, settings.schedule, settings.warmUp) = (learningRate, schedule, warmup)
    (settings.batch, settings.accumulate, settings.weightDecay) = (batch, accumulate, weightDecay)
    (settings.largestGradient, settings.seed) = (clip, seed)
    settings.gradientCheckpointing = gradientCheckpointing
    settings.steps = steps ?? epochs * settings.stepsPerEpoch(rows)
    return settings
  }
}
