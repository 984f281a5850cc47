import Dispatch
import Foundation
import Synchronization

/// What Ctrl-C (SIGINT) and SIGTERM do: say what is kept and how to go on, then end the process by that signal, as a shell
/// expects.
package enum Interruption {
  private static let sources = Mutex<[any DispatchSourceSignal]>([])

  /// - Parameter sentence: asked when the signal comes, on another thread than the one that works.
  package static func explain(_ sentence: @escaping @Sendable () -> String) {
    sources.withLock { sources in
      for source in sources { source.cancel() }
      sources = [SIGINT, SIGTERM].map { number in
        signal(number, SIG_IGN)  // the source sees it all the same
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { end(by: number, saying: sentence) }
        source.resume()
        return source
      }
    }
  }

  /// A second signal ends the process at once, however long the sentence takes.
  private static func end(by number: Int32, saying sentence: @Sendable () -> String) {
    signal(number, SIG_DFL)
    ProgressMeter.endLine()
    Terminal.error("interrupted; \(sentence())")
    // Threads of a dispatch queue block signals, and so may the process that started this one.
    var own = sigset_t()
    sigemptyset(&own)
    sigaddset(&own, number)
    pthread_sigmask(SIG_UNBLOCK, &own, nil)
    kill(getpid(), number)
  }
}
