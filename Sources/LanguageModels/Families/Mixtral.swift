import Foundations

/// Mixtral (Jiang et al. 2024): Mistral with experts, of which each token goes through two.
package enum MixtralFamily: ModelFamily {
  package static let name = "Mixtral"
  package static let architectures = ["MixtralForCausalLM"]
  package static let modelTypes = ["mixtral"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        keyValueHeads: 8, epsilon: 1e-5, rope: RopeDefaults(theta: 1_000_000, positions: 131_072),
        sizes: ShapeDefaults.sizes(32_000, hidden: 4096, inner: 14336, layers: 32, heads: 32)))
    try model.setOneWindow(file.window(), file)
    model.experts = ExpertDesign(
      count: try file.size("num_local_experts", standard: 8, largest: 65536),
      perToken: try file.size("num_experts_per_tok", standard: 2, largest: 65536),
      intermediateSize: model.intermediateSize, routing: .renormalised)
    for index in model.layers.indices { model.layers[index].hasExperts = true }
    return model
  }

  private static let modules = ["gate_proj": "w1", "up_proj": "w3", "down_proj": "w2"]

  package static func place(_ name: WeightName, _ model: ModelConfiguration) -> WeightPlace {
    guard let layer = name.layer else { return WeightPlace("\(name)") }
    let network = "model.layers.\(layer).block_sparse_moe"
    if name.module == "mlp.router" { return WeightPlace("\(network).gate.\(name.part)") }
    guard let expert = name.expert, let module = modules[name.module] else { return WeightPlace("\(name)") }
    return WeightPlace("\(network).experts.\(expert).\(module).\(name.part)")
  }
}
