import Foundation

/// The wallet's transport over URLSession: no redirects, no cookies, no cache, no stored credentials.
///
/// Every request has a session of its own, which is forgotten with it: an issuer and a verifier at one address, or one verifier on two
/// days, would recognise the phone by a connection or a TLS session that is used again.
public final class SessionTransport: NSObject, Transport, URLSessionTaskDelegate, @unchecked Sendable {
    private static func freshSession() -> URLSession {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        configuration.urlCache = nil
        configuration.urlCredentialStorage = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalAndRemoteCacheData
        configuration.timeoutIntervalForRequest = 30
        configuration.timeoutIntervalForResource = 60
        return URLSession(configuration: configuration)
    }

    public func send(request: HttpRequest) async throws -> HttpResponse {
        guard let url = URL(string: request.url) else { throw TransportFailure.Refused }
        var asked = URLRequest(url: url)
        switch request.method {
        case .get: asked.httpMethod = "GET"
        case .post:
            asked.httpMethod = "POST"
            asked.httpBody = request.body
        }
        // The platform's own name the system of the phone and the languages of the person.
        for (name, value) in Self.neutral { asked.setValue(value, forHTTPHeaderField: name) }
        for header in request.headers {
            if Self.neutral[header.name] != nil {
                asked.setValue(header.value, forHTTPHeaderField: header.name)
            } else {
                asked.addValue(header.value, forHTTPHeaderField: header.name)
            }
        }
        let session = Self.freshSession()
        defer { session.invalidateAndCancel() }
        do {
            let (bytes, answer) = try await session.bytes(for: asked, delegate: self)
            guard let http = answer as? HTTPURLResponse else { throw TransportFailure.Interrupted }
            var body = Data()
            for try await byte in bytes {
                if UInt64(body.count) == request.maxResponseBytes { throw TransportFailure.TooLarge }
                body.append(byte)
            }
            let headers = http.allHeaderFields.compactMap { name, value -> Header? in
                guard let name = name as? String, let value = value as? String else { return nil }
                return Header(name: name, value: value)
            }
            return HttpResponse(status: UInt16(clamping: http.statusCode), headers: headers, body: body)
        } catch let error as URLError {
            throw Self.neverSent.contains(error.code) ? TransportFailure.Unreachable : TransportFailure.Interrupted
        }
    }

    /// A redirect is an answer like any other.
    public func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    /// What is said where the request does not say it.
    private static let neutral = [
        "user-agent": "symbolon", "accept-language": "*", "accept-encoding": "identity",
    ]

    private static let neverSent: Set<URLError.Code> = [
        .cannotFindHost, .cannotConnectToHost, .dnsLookupFailed, .notConnectedToInternet, .secureConnectionFailed,
        .serverCertificateUntrusted, .serverCertificateHasBadDate, .serverCertificateHasUnknownRoot,
        .serverCertificateNotYetValid, .appTransportSecurityRequiresSecureConnection,
    ]
}
