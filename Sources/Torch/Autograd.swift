internal import CTorch
import Foundations

/// Records the operations of `body` on this thread so that gradients can be taken of what it returns. Outside,
/// operations record nothing.
public func recordingGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
  let previous = ct_set_recording_gradients(true)
  defer { _ = ct_set_recording_gradients(previous) }
  return try body()
}

/// Whether this thread's operations are recorded.
package var isRecordingGradients: Bool {
  let recording = ct_set_recording_gradients(true)
  _ = ct_set_recording_gradients(recording)
  return recording
}

extension Tensor {
  /// A leaf of the autograd graph that shares this tensor's memory.
  public func requiringGradient() throws(TelltaleError) -> Tensor { try with(self) { ct_requiring_gradient($0, $1) } }

  /// The same numbers, cut off from the autograd graph.
  public func detached() throws(TelltaleError) -> Tensor { try with(self) { ct_detach($0, $1) } }

  /// Gradients of this tensor of one element by each of `inputs` (leaves or intermediate results); zeros where it does not depend on
  /// one. The recorded graph is used up.
  ///
  /// - Parameter given: the gradient of something by this tensor, of its shape; the result is then the gradient of that
  ///   something by the inputs (a vector-Jacobian product), and this tensor may have any number of elements.
  public func gradients(by inputs: [Tensor], given: Tensor? = nil) throws(TelltaleError) -> [Tensor] {
    try Self.gradients(of: [self], by: inputs, given: given.map { [$0] })
  }

  /// The summed gradients of several outputs: of something that depends on all of them, by the inputs, where `given` are
  /// its gradients by the outputs.
  package static func gradients(
    of outputs: [Tensor], by inputs: [Tensor], given: [Tensor]?
  ) throws(TelltaleError) -> [Tensor] {
    var found = [ct_tensor?](repeating: nil, count: inputs.count)
    var error = ct_error()
    withExtendedLifetime((outputs, inputs, given)) {
      func refs(_ tensors: [Tensor]) -> [ct_tensor?] { tensors.map(\.storage.ref) }
      ct_gradients(
        refs(outputs), given.map(refs), Int64(outputs.count), refs(inputs), Int64(inputs.count), &found, &error)
    }
    let owned = found.map { $0.map(Tensor.init(owning:)) }
    if error.code != 0 { throw TelltaleError(taking: &error) }
    var result: [Tensor] = []
    for (gradient, input) in zip(owned, inputs) {
      if let gradient {
        result.append(gradient)
      } else {
        result.append(try Tensor.zeros(input.shape, dtype: input.dtype, device: input.device))
      }
    }
    return result
  }
}

/// AdamW (Loshchilov & Hutter 2019): decoupled weight decay, bias correction, one fused kernel a step.
///
/// The parameters, which must be contiguous, are changed in place, which is what training means; nothing else in
/// Telltale changes a tensor. What shares memory with a parameter changes with it: a tensor of a safetensors file shares
/// that of every other reading through the same `SafetensorsFile` (never the file itself), so train on a copy.
public final class AdamW {
  public let parameters: [Tensor]
  public let beta1, beta2, epsilon, weightDecay: Double
  /// Steps taken so far.
  public private(set) var steps: Int
  /// First and second moments, one a parameter, of its shape.
  public private(set) var means: [Tensor]
  public private(set) var squares: [Tensor]

  public init(
    _ parameters: [Tensor], beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01
  ) throws(TelltaleError) {
    self.parameters = parameters
    (self.beta1, self.beta2, self.epsilon, self.weightDecay) = (beta1, beta2, epsilon, weightDecay)
    steps = 0
    means = []
    squares = []
    for parameter in parameters {
      means.append(try Tensor.zeros(parameter.shape, dtype: parameter.dtype, device: parameter.device))
      squares.append(try Tensor.zeros(parameter.shape, dtype: parameter.dtype, device: parameter.device))
    }
  }

  /// Continues a run whose moments were stored after `steps` steps.
  public func restore(steps: Int, means: [Tensor], squares: [Tensor]) throws(TelltaleError) {
    func fit(_ moments: [Tensor]) -> Bool {
      moments.map(\.shape) == parameters.map(\.shape) && moments.map(\.dtype) == parameters.map(\.dtype)
    }
    guard steps >= 0, fit(means), fit(squares) else {
      throw TelltaleError(.badInput, "the stored optimiser state does not fit the parameters; start the training again")
    }
    (self.steps, self.means, self.squares) = (steps, means, squares)
  }

  /// One step against `gradients`, in the order of the parameters.
  public func step(_ gradients: [Tensor], learningRate: Double) throws(TelltaleError) {
    guard gradients.count == parameters.count else {
      throw TelltaleError(.invalidArgument, "\(gradients.count) gradients for \(parameters.count) parameters")
    }
    var error = ct_error()
    withExtendedLifetime((parameters, gradients, means, squares)) {
      func refs(_ tensors: [Tensor]) -> [ct_tensor?] { tensors.map(\.storage.ref) }
      ct_adamw_step(
        refs(parameters), refs(gradients), refs(means), refs(squares), Int64(parameters.count), Int64(steps + 1),
        learningRate, beta1, beta2, epsilon, weightDecay, &error)
    }
    if error.code != 0 { throw TelltaleError(taking: &error) }
    steps += 1
  }
}
