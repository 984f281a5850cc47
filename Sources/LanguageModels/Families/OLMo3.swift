import Foundations

/// OLMo 3 (OLMo team 2025): OLMo 2 with a window on three of four layers; a scaled rotation concerns the fourth alone.
package enum OLMo3Family: ModelFamily {
  package static let name = "OLMo-3"
  package static let architectures = ["Olmo3ForCausalLM"]
  package static let modelTypes = ["olmo3"]

  package static func design(_ file: ConfigurationFile) throws(TelltaleError) -> ModelConfiguration {
    var model = try ModelConfiguration(
      shaped: file,
      ShapeDefaults(
        epsilon: 1e-5, sizes: ShapeDefaults.sizes(50_304, hidden: 4096, inner: 11008, layers: 32, heads: 32)))
    try model.readOLMo(file)
    let isSliding = try file.layerTypes(count: model.layerCount) ?? model.layers.indices.map { ($0 + 1) % 4 != 0 }
    let plain = try file.rope(headDimension: model.headDimension, for: .sliding, scaled: false)
    let window = try file.window(standard: 4096)
    for index in model.layers.indices where isSliding[index] {
      (model.layers[index].window, model.layers[index].rope) = (window, plain)
    }
    return model
  }
}
