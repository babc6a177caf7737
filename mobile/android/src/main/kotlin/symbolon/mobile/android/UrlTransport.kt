package symbolon.mobile.android

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.net.CookieHandler
import java.net.HttpRetryException
import java.net.HttpURLConnection
import java.net.URL
import javax.net.ssl.HttpsURLConnection
import javax.net.ssl.SSLContext
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import symbolon.mobile.Header
import symbolon.mobile.HttpMethod
import symbolon.mobile.HttpRequest
import symbolon.mobile.HttpResponse
import symbolon.mobile.Transport
import symbolon.mobile.TransportFailure

/**
 * The wallet's transport over the platform's own HTTP. Certificates are checked as the app's network security configuration says.
 *
 * Nothing is kept between two requests: no connection, no TLS session, no cache. An issuer and a verifier at one address, or one verifier on two
 * days, would recognise the phone by a session that is resumed.
 *
 * An app that sets a process-wide [CookieHandler] gets `Refused`: its cookies would go to issuers and verifiers with every request.
 */
class UrlTransport(
    private val connectMilliseconds: Int = 10_000,
    private val totalMilliseconds: Int = 60_000,
) : Transport {
    override suspend fun send(request: HttpRequest): HttpResponse = withContext(Dispatchers.IO) {
        if (CookieHandler.getDefault() != null) throw TransportFailure.Refused()
        val connection = opened(request)
        try {
            exchange(connection, request)
        } catch (_: IOException) {
            // The request may have left.
            throw TransportFailure.Interrupted()
        } finally {
            connection.disconnect()
        }
    }

    /** A connection on which nothing has been sent. */
    private fun opened(request: HttpRequest): HttpURLConnection = try {
        val connection = URL(request.url).openConnection() as? HttpURLConnection ?: throw TransportFailure.Refused()
        // Sessions lie in the context, and this one goes with the request. It trusts as the app's configuration says.
        if (connection is HttpsURLConnection) connection.sslSocketFactory = freshContext().socketFactory
        connection.instanceFollowRedirects = false
        connection.useCaches = false
        connection.connectTimeout = connectMilliseconds
        connection.readTimeout = totalMilliseconds
        connection.requestMethod = when (request.method) {
            HttpMethod.GET -> "GET"
            HttpMethod.POST -> "POST"
        }
        // The platform's own would name the phone's model, and it would unpack an answer of any size.
        connection.setRequestProperty("user-agent", "symbolon")
        connection.setRequestProperty("accept-encoding", "identity")
        // What the person reads is the wallet's to say.
        connection.setRequestProperty("accept-language", "*")
        connection.setRequestProperty("connection", "close")
        request.headers.forEach {
            if (it.name in REPLACED) connection.setRequestProperty(it.name, it.value) else connection.addRequestProperty(it.name, it.value)
        }
        if (request.method == HttpMethod.POST) {
            connection.doOutput = true
            // A body of known length is never sent a second time behind our back, as one in a buffer is.
            connection.setFixedLengthStreamingMode(request.body.size)
        }
        connection.connect()
        connection
    } catch (_: IOException) {
        throw TransportFailure.Unreachable()
    }

    private fun freshContext(): SSLContext = SSLContext.getInstance("TLS").apply { init(null, null, null) }

    private fun exchange(connection: HttpURLConnection, request: HttpRequest): HttpResponse {
        val deadline = System.nanoTime() + totalMilliseconds * NANOSECONDS
        if (request.method == HttpMethod.POST) connection.outputStream.use { it.write(request.body) }
        val status = try {
            connection.responseCode
        } catch (retry: HttpRetryException) {
            // The answer is one that asks to send the body again (401): it is for the wallet to say whether.
            retry.responseCode()
        }
        if (status !in 100..599) throw TransportFailure.Interrupted()
        val fields = connection.headerFields.orEmpty().flatMap { (name, values) ->
            // The status line stands there without a name.
            if (name == null) emptyList() else values.map { Header(name, it) }
        }
        val limit = minOf(request.maxResponseBytes, MOST_BYTES).toInt()
        val body = if (status >= HttpURLConnection.HTTP_BAD_REQUEST) connection.errorStream else connection.inputStream
        return HttpResponse(status.toUShort(), fields, body?.use { read(it, limit, deadline) } ?: ByteArray(0))
    }

    private fun read(stream: InputStream, limit: Int, deadline: Long): ByteArray {
        val collected = ByteArrayOutputStream()
        val chunk = ByteArray(CHUNK_BYTES)
        while (true) {
            val count = stream.read(chunk)
            if (count < 0) return collected.toByteArray()
            if (count > limit - collected.size()) throw TransportFailure.TooLarge()
            // A peer that sends a byte now and then never meets the time-out of one read.
            if (System.nanoTime() - deadline > 0) throw TransportFailure.Interrupted()
            collected.write(chunk, 0, count)
        }
    }
}

/** Of what stands there by itself: a request that names it says it alone. */
private val REPLACED = setOf("user-agent", "accept-language")

private const val NANOSECONDS = 1_000_000L
private const val CHUNK_BYTES = 16 * 1024

/** 64 MiB: no answer of the protocols comes near this, and a number of bytes has to fit into an `Int`. */
private const val MOST_BYTES: ULong = 0x400_0000uL
