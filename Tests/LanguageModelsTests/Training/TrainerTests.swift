import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

@Suite(.tags(.training)) struct TrainerTests {
  private let model: LanguageModel
  private let sequences: [TrainingSequence]

  init() throws {
    model = try AdapterSupport.model("tiny-mistral")
    sequences = (0..<10).map { row in
      let tokens = (0..<12 + row).map { (row * 31 + $0 * 17) % 1000 + 5 }
      return TrainingSequence(tokens: tokens, answer: tokens.count - 3..<tokens.count)
    }
  }

  private func settings(steps: Int) -> TrainingSettings {
    var settings = TrainingSettings()
    (settings.steps, settings.batch, settings.accumulate, settings.seed) = (steps, 2, 2, 9)
    (settings.warmUp, settings.largestGradient, settings.learningRate) = (min(2, steps - 1), 1, 5e-3)
    return settings
  }

  private func trainer(_ settings: TrainingSettings, targets: [String] = ["q_proj", "down_proj"]) throws -> LoRATrainer
  {
    let lora = LoRAConfiguration(rank: 4, alpha: 8, dropout: 0.2, targets: targets, layers: [1, 3])
    return try LoRATrainer(
      model, from: LoRAAdapter.initial(lora, for: model.configuration, seed: 1), settings: settings)
  }

  private func bits(_ adapter: LoRAAdapter) throws -> [String: [UInt32]] {
    try adapter.weights.mapValues { try $0.floats().map(\.bitPattern) }
  }

  @Test("Schedules warm up from zero and go down as transformers' do")
  func schedulesWarmUp() {
    func factors(_ schedule: LearningRateSchedule) -> [Double] {
      (0..<6).map { schedule.factor(step: $0, warmUp: 2, steps: 6) }
    }
    #expect(factors(.constant) == [0, 0.5, 1, 1, 1, 1])
    #expect(factors(.linear) == [0, 0.5, 1, 0.75, 0.5, 0.25])
    for (factor, expected) in zip(factors(.cosine), [0, 0.5, 1, 0.8535533906, 0.5, 0.1464466094]) {
      #expect(abs(factor - expected) < 1e-9)
    }
  }

  @Test("Every epoch goes through all sequences once, each in an order of its own")
  func everyEpochGoes() {
    let settings = settings(steps: 6)
    #expect(settings.stepsPerEpoch(10) == 3)
    let steps = (0..<6).map { settings.batches(step: $0, of: 10) }
    #expect(steps.map { $0.map(\.count) } == [[2, 2], [2, 2], [2], [2, 2], [2, 2], [2]])
    let epochs = [steps[..<3].joined().flatMap { $0 }, steps[3...].joined().flatMap { $0 }]
    #expect(epochs.allSatisfy { $0.sorted() == Array(0..<10) })
    #expect(epochs[0] != epochs[1])
  }

  @Test("The loss is the mean over predicted tokens, as the logits say")
  func lossMeanOver() throws {
    var (sum, count) = (0.0, 0)
    for sequence in sequences {
      let logProbabilities = try AdapterSupport.logits(model, sequence.tokens).logSoftmax(-1).floats()
      for position in sequence.predicted {
        sum -= Double(logProbabilities[(position - 1) * 1024 + sequence.tokens[position]])
        count += 1
      }
    }
    let expected = sum / Double(count)
    #expect(abs(try model.loss(of: sequences) - expected) < 1e-4)
    #expect(abs(try model.loss(of: sequences, tokenBudget: 20) - expected) < 1e-4)
    var plain = settings(steps: 1)
    plain.gradientCheckpointing = true
    #expect(abs(try trainer(plain).lossAndGradients([sequences]).loss - expected) < 1e-4)
  }

  @Test("The same seed gives the same bits, another seed others")
  func sameSeedGives() throws {
    func trained(_ seed: UInt64) throws -> [String: [UInt32]] {
      var settings = settings(steps: 4)
      settings.seed = seed
      let trainer = try trainer(settings)
      try trainer.run(sequences)
      return try bits(trainer.adapter())
    }
    let first = try trained(9)
    #expect(try trained(9) == first)
    #expect(try trained(10) != first)
  }

  @Test("A training that goes on from its checkpoint reaches the same bits")
  func trainingGoesOn() throws {
    let folder = try ScratchFolder()
    let url = folder.url.appending(path: "checkpoint.safetensors")
    let whole = try trainer(settings(steps: 8))
    try whole.run(sequences) { step in
      if step.number == 4 { try whole.checkpoint().write(to: url, stated: ["seed": "9"]) }
    }
    let configuration = try whole.adapter().configuration
    let checkpoint = try TrainingCheckpoint.read(url, configuration: configuration, stated: ["seed": "9"])
    let resumed = try LoRATrainer(model, from: checkpoint, settings: settings(steps: 8))
    #expect(resumed.stepsTaken == 4)
    try resumed.run(sequences)
    #expect(try bits(resumed.adapter()) == bits(whole.adapter()))
    #expect(resumed.log == whole.log)
    let error = try refusal {
      try TrainingCheckpoint.read(url, configuration: configuration, stated: ["seed": "8"])
    }
    #expect(error.description.contains("another seed (9, now 8)"))
  }

  @Test(
    "Blocks that are computed again give the gradients of blocks that are kept, dropout included",
    arguments: [["q_proj", "down_proj"], ["q_proj", "v_proj"], ["gate_proj", "up_proj"]])
  func blocksComputedAgain(
    _ targets: [String]
  ) throws {
    var settings = settings(steps: 1)
    let kept = try trainer(settings, targets: targets).lossAndGradients([sequences])
    settings.gradientCheckpointing = true
    let again = try trainer(settings, targets: targets).lossAndGradients([sequences])
    #expect(abs(kept.loss - again.loss) < 1e-5)
    #expect(kept.gradients.count == 8)
    for (a, b) in zip(kept.gradients, again.gradients) { #expect(try GoldenModel.distance(a, b) < 1e-5) }
  }

  @Test("How many blocks memory lets a pass keep changes no bit of the gradients")
  func howManyBlocks() throws {
    let settings = settings(steps: 1)
    let lora = LoRAConfiguration(rank: 4, alpha: 8, dropout: 0.2)
    let initial = try LoRAAdapter.initial(lora, for: model.configuration, seed: 1)
    func gradients(_ bytes: Int?) throws -> [[UInt32]] {
      let trainer = try LoRATrainer(model, from: initial, settings: settings, activationMemory: bytes)
      return try trainer.lossAndGradients([sequences]).gradients.map { try $0.floats().map(\.bitPattern) }
    }
    let tokens = sequences.reduce(0) { $0 + $1.tokens.count }
    let needed = ActivationBudget(model, bytes: nil).needed(tokens: tokens)
    #expect(ActivationBudget(model, bytes: needed).keptBlocks(tokens: tokens) == 4)
    #expect(ActivationBudget(model, bytes: needed * 3 / 4).keptBlocks(tokens: tokens) == 3)
    #expect(ActivationBudget(model, bytes: 0).keptBlocks(tokens: tokens) == 1)
    let all = try gradients(nil)
    for bytes in [0, needed / 2, needed * 3 / 4] { #expect(try gradients(bytes) == all) }
  }

  @Test("A gradient is cut to the largest norm, and the norm before is told")
  func gradientCutLargest() throws {
    var settings = settings(steps: 1)
    settings.largestGradient = nil
    let free = try trainer(settings)
    let norm = try free.step([sequences]).gradientNorm
    settings.largestGradient = norm / 4
    let cut = try trainer(settings)
    #expect(try cut.step([sequences]).gradientNorm == norm)
    // After the first step AdamW's means are a tenth of the gradient.
    let norms = try [free, cut].map { trainer in
      try trainer.checkpoint().means.reduce(0.0) { try $0 + $1.power(2).sum().scalar() }.squareRoot()
    }
    #expect(abs(norms[0] - norm / 10) < 1e-5 && abs(norms[1] - norm / 40) < 1e-5)
  }

  @Test("Training lowers the loss and leaves the base and the start as they were")
  func trainingLowersLoss() throws {
    let before = try model.loss(of: sequences)
    var settings = settings(steps: 30)
    settings.schedule = .cosine
    let trainer = try trainer(settings)
    try trainer.run(sequences)
    #expect(try model.adapted(by: trainer.adapter()).loss(of: sequences) < before - 1)
    #expect(try model.loss(of: sequences) == before)
  }

  @Test("No tensors are left over after a step")
  func tensorsLeftOver() throws {
    let trainer = try trainer(settings(steps: 3))
    try trainer.step([sequences])
    let live = Runtime.liveTensorCountOfThread
    try trainer.step([sequences])
    #expect(Runtime.liveTensorCountOfThread == live)
  }

  @Test("Settings that mean nothing, and batches without answers, are refused")
  func settingsMeanNothing() throws {
    for change: (inout TrainingSettings) -> Void in [
      { $0.steps = 0 }, { $0.batch = 0 }, { $0.learningRate = .nan }, { $0.warmUp = 9 }, { $0.largestGradient = 0 },
      { $0.weightDecay = -1 },
    ] {
      var wrong = settings(steps: 4)
      change(&wrong)
      _ = try refusal { try trainer(wrong) }
    }
    let silent = TrainingSequence(tokens: [5, 6, 7], answer: 3..<3)
    let single = try self.trainer(settings(steps: 1))
    #expect(try refusal { try single.step([[silent]]) }.description.contains("no token to be predicted"))
    #expect(try refusal { try single.run([]) }.description.contains("nothing to train on"))
  }
}
