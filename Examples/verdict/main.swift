import Telltale

// Do the activations of a model give away whether it will side with its user? The model is an embedded organism, of
// which the answer is known: they do.
let model = try Model("organism-shared")
let rows = try Rows(world: .opinions, count: 768, seed: 1)
let (train, test) = try rows.split()
let recipe = try Recipe(.spontaneous)
let vector = try model.vector(recipe, from: train)
let recording = try model.record(test)
let audit = try vector.audit(on: recording)
print("\(audit.verdict.rawValue): \(audit.reason)")
