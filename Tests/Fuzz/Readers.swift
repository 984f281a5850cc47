import Foundation
import Foundations

/// Every reader of files.
enum Readers {
  static func all() throws -> [Reader] {
    try TextReaders.all() + TokenizerReaders.all() + WeightReaders.all() + ExchangeReaders.all() + DataReaders.all()
      + EndpointReaders.all()
  }
}
