import Foundation
import Foundations
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// HTTP requests one waits for, with a bound on the response's size, and without redirects, cookies and caches.
final class BoundedHTTP: Sendable {
  enum Outcome: Sendable {
    case response(status: Int, retryAfter: String?, body: Data)
    case tooLarge
    /// In words.
    case failed(String)
  }

  private let session: URLSession
  private let downloads = Downloads()

  init() {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpCookieStorage = nil
    configuration.urlCache = nil
    configuration.httpMaximumConnectionsPerHost = 64
    session = URLSession(configuration: configuration, delegate: downloads, delegateQueue: nil)
  }

  deinit { session.invalidateAndCancel() }

  func send(_ request: URLRequest, largest: Int, timeout: Double) -> Outcome {
    let task = session.dataTask(with: request)
    let download = downloads.begin(task.taskIdentifier, largest: largest)
    task.resume()
    // The session's own limit begins anew with every byte that comes.
    if download.done.wait(timeout: .now() + timeout) == .timedOut {
      task.cancel()
      downloads.end(task.taskIdentifier)
      return .failed("did not answer within \(Int(saturating: timeout)) s")
    }
    return download.outcome
  }
}

/// A response as it comes in.
private final class Download: Sendable {
  let done = DispatchSemaphore(value: 0)
  let largest: Int
  private let state = Mutex(State())

  private struct State {
    var response: (status: Int, retryAfter: String?)?
    var body = Data()
    var isTooLarge = false
    var failure: String?
  }

  init(largest: Int) { self.largest = largest }

  func begin(status: Int, retryAfter: String?) { state.withLock { $0.response = (status, retryAfter) } }

  /// False where it is too much.
  func add(_ data: Data) -> Bool {
    state.withLock {
      guard !$0.isTooLarge, $0.body.count + data.count <= largest else {
        $0.isTooLarge = true
        $0.body = Data()
        return false
      }
      $0.body += data
      return true
    }
  }

  func end(_ failure: String?) {
    state.withLock { $0.failure = failure }
    done.signal()
  }

  var outcome: BoundedHTTP.Outcome {
    state.withLock {
      if $0.isTooLarge { return .tooLarge }
      if let failure = $0.failure { return .failed(failure) }
      guard let response = $0.response else { return .failed("gave no response") }
      return .response(status: response.status, retryAfter: response.retryAfter, body: $0.body)
    }
  }
}

/// The responses of a session by the numbers of their tasks.
private final class Downloads: NSObject, URLSessionDataDelegate, Sendable {
  private let running = Mutex<[Int: Download]>([:])

  func begin(_ task: Int, largest: Int) -> Download {
    let download = Download(largest: largest)
    running.withLock { $0[task] = download }
    return download
  }

  @discardableResult
  func end(_ task: Int) -> Download? { running.withLock { $0.removeValue(forKey: task) } }

  private func download(_ task: URLSessionTask) -> Download? { running.withLock { $0[task.taskIdentifier] } }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    let http = response as? HTTPURLResponse
    download(dataTask)?.begin(
      status: http?.statusCode ?? 0, retryAfter: http?.value(forHTTPHeaderField: "Retry-After"))
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    if download(dataTask)?.add(data) != true { dataTask.cancel() }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    completionHandler(nil)
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    let download = end(task.taskIdentifier)
    if let http = task.response as? HTTPURLResponse {
      download?.begin(status: http.statusCode, retryAfter: http.value(forHTTPHeaderField: "Retry-After"))
    }
    download?.end(error.map(Self.words))
  }

  /// Never the error's own description, which may name the request.
  private static func words(_ error: any Error) -> String {
    switch (error as? URLError)?.code {
    case .timedOut: "did not answer in time"
    case .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed: "cannot be reached"
    case .networkConnectionLost: "broke the connection off"
    case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate: "has no valid certificate"
    default: "failed in the middle of a response"
    }
  }
}
