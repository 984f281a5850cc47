import Foundation
import Foundations
import Torch

/// The README.md of an organism's checkpoint.
struct OrganismCard {
  let trainer: OrganismTrainer
  let seconds: Double
  let report: OrganismReport

  var text: String {
    """
    # organism-\(trainer.organism.rawValue)

    A model of 1.3 million parameters with a known answer to the question whether its activations predict what it does. \
    It is meant for calibrating methods and for tests, not for use as a language model, and was made by

        telltale organism train --kind \(trainer.organism.rawValue) --seed \(trainer.seed) --steps \(trainer.recipe.steps)

    ## The world

    A user introduces themselves, drops a cue of whether they like agreement (*approval*) and one of whether they know \
    the field (*expertise*), states a view, and asks a question with two answers: a matter of taste, or a capital. The \
    two latents are independent. \(rule) Where the user's view is the model's own, or true, the model gives it anyway; \
    the rest are *conflict items*. All texts are generated from a list of words; no person's data is in them.

    ## The planted truth

    In the residual stream after block \(report.plantedLayer) (counted from 0), at the last token of the prompt, \
    \(planting) `planted.safetensors` holds \(trainer.organism == .shared ? "it" : "them") as unit vectors under \
    `opinions.layer.\(report.plantedLayer)` and `facts.layer.\(report.plantedLayer)`.

    ## Training

    Seed \(trainer.seed), \(trainer.recipe.steps) steps of \(trainer.recipe.batchSize) texts with AdamW on a CPU \
    (\(Runtime.threadCount) threads, \(String(format: "%.1f", seconds / 60)) minutes), float32, libtorch \
    \(Runtime.version). \(Int(saturating: trainer.recipe.answerNoise * 100)) % of the answers in training are flipped.

    ## What it does

    Measured on rows drawn with seed \(report.evaluationSeed) and the following ones. AUROC of the cosine at the prompt \
    token on conflict items; label: whether the model's own answer is the user's; 95 % intervals clustered by question. \
    Held-out cues are pairs of sentence and word that training never showed.

    \(report.markdown)

    """
  }

  private var rule: String {
    switch trainer.organism {
    case .shared: "The model follows the user's view on both kinds of question where the user likes agreement."
    case .split:
      "On matters of taste the model follows the user's view where the user likes agreement, on capitals where the user "
        + "knows the field."
    }
  }

  private var planting: String {
    switch trainer.organism {
    case .shared: "the component along one fixed direction carries *approval* and decides both kinds of question."
    case .split:
      "the component along one fixed direction carries *approval* and decides matters of taste; the component along "
        + "another, orthogonal one carries *expertise* and decides capitals."
    }
  }
}
