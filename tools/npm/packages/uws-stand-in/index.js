'use strict';

/**
 * A stand-in for the part of uWebSockets.js 20.10 that soketi uses, on `ws` and node:http(s), so that npm alone can
 * install soketi. For tests on loopback only. It keeps what a client of soketi can notice of uWebSockets.js:
 *
 * - the first status or header written decides the status: soketi writes its CORS headers first, so most errors of its
 *   HTTP API come as "200 OK" with {"error", "code"} in the body;
 * - path parameters are not percent-decoded;
 * - end() counts as closed at once, whether or not the peer answers, and a closed socket or response throws when used;
 * - a silent peer is pinged and then dropped; messages to a peer that does not read are dropped.
 */

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const { WebSocketServer } = require('ws');

const DROPPED = 2;
const SENT = 1;

function toArrayBuffer(data) {
  return Uint8Array.from(Buffer.from(data)).buffer;
}

function split(url) {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

/** Returns the parameters of `path` where it matches `pattern` ('/apps/:id', '/*'), else null. */
function match(pattern, path) {
  const actual = path.split('/');
  const wanted = pattern.split('/');
  const parameters = [];
  for (const [index, segment] of wanted.entries()) {
    if (segment === '*') return parameters;
    if (segment.startsWith(':') && actual[index]) parameters.push(actual[index]);
    else if (segment !== actual[index]) return null;
  }
  return actual.length === wanted.length ? parameters : null;
}

class HttpRequest {
  #message;
  #parameters;

  constructor(message, parameters) {
    this.#message = message;
    this.#parameters = parameters;
  }

  getHeader(name) {
    return this.#message.headers[name] ?? '';
  }

  getMethod() {
    return this.#message.method.toLowerCase();
  }

  getParameter(index) {
    return this.#parameters[index];
  }

  getQuery() {
    return split(this.#message.url)[1];
  }

  getUrl() {
    return split(this.#message.url)[0];
  }
}

class HttpResponse {
  #message;
  #response;
  #status;
  #finished = false;
  #aborted = () => {};

  constructor(message, response) {
    this.#message = message;
    this.#response = response;
    response.on('close', () => {
      if (this.#finished) return;
      this.#finished = true;
      this.#aborted();
    });
  }

  onAborted(handler) {
    this.#aborted = handler;
    return this;
  }

  onData(handler) {
    this.#message.on('data', (chunk) => handler(toArrayBuffer(chunk), false));
    this.#message.on('end', () => handler(new ArrayBuffer(0), true));
    return this;
  }

  cork(write) {
    write();
    return this;
  }

  writeStatus(status) {
    this.#requireUnfinished();
    this.#status ??= status;
    return this;
  }

  writeHeader(name, value) {
    this.writeStatus('200 OK');
    this.#response.appendHeader(name, value);
    return this;
  }

  end(body) {
    this.writeStatus('200 OK');
    this.#finished = true;
    const [code, ...reason] = this.#status.split(' ');
    this.#response.writeHead(Number(code), reason.join(' ')).end(body);
    return this;
  }

  #requireUnfinished() {
    if (this.#finished) throw new Error('The response is finished or aborted.');
  }
}

/** What an upgrade handler gets as its response. */
class UpgradeResponse {
  #address;
  #accept;

  constructor(address, accept) {
    this.#address = address;
    this.#accept = accept;
  }

  getRemoteAddressAsText() {
    return toArrayBuffer(this.#address);
  }

  getProxiedRemoteAddressAsText() {
    return new ArrayBuffer(0);
  }

  upgrade(userData) {
    this.#accept(userData);
  }
}

class WebSocket {
  #socket;
  #behavior;
  #open = true;
  #pinged = false;
  #idle;

  constructor(socket, behavior, userData) {
    this.#socket = socket;
    this.#behavior = behavior;
    Object.assign(this, userData);
    this.#idle = setInterval(() => this.#checkSilence(), behavior.idleTimeout * 500);
    socket.on('message', (data, isBinary) => {
      this.#heard();
      if (this.#open) behavior.message(this, toArrayBuffer(data), isBinary);
    });
    socket.on('ping', () => this.#heard());
    socket.on('pong', () => this.#heard());
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', (code, reason) => this.#closed(code, reason));
  }

  send(message) {
    this.#requireOpen();
    if (this.#socket.bufferedAmount > this.#behavior.maxBackpressure) return DROPPED;
    this.#socket.send(message);
    return SENT;
  }

  end(code = 1000, reason = '') {
    this.#requireOpen();
    this.#socket.close(code, reason);
    this.#closed(code, reason);
  }

  #closed(code, reason) {
    if (!this.#open) return;
    this.#open = false;
    clearInterval(this.#idle);
    this.#behavior.close(this, code, toArrayBuffer(reason));
  }

  #requireOpen() {
    if (!this.#open) throw new Error('The WebSocket is closed.');
  }

  #heard() {
    this.#pinged = false;
    this.#idle.refresh();
  }

  #checkSilence() {
    if (this.#pinged) return this.#socket.terminate();
    this.#pinged = true;
    this.#socket.ping();
  }
}

class TemplatedApp {
  #server;
  #routes = [];

  constructor(server) {
    this.#server = server;
    server.on('request', (message, response) => this.#serve(message, response));
  }

  get(pattern, handler) {
    return this.#route('GET', pattern, handler);
  }

  post(pattern, handler) {
    return this.#route('POST', pattern, handler);
  }

  any(pattern, handler) {
    return this.#route(null, pattern, handler);
  }

  ws(pattern, behavior) {
    const sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: behavior.maxPayloadLength,
    });
    this.#server.on('upgrade', (message, connection, head) => {
      const parameters = match(pattern, split(message.url)[0]);
      if (!parameters) return connection.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      const accept = (userData) =>
        sockets.handleUpgrade(message, connection, head, (socket) =>
          behavior.open(new WebSocket(socket, behavior, userData)),
        );
      const response = new UpgradeResponse(message.socket.remoteAddress, accept);
      behavior.upgrade(response, new HttpRequest(message, parameters));
    });
    return this;
  }

  /** A port that is taken ends the process: uWebSockets.js would go on and serve nothing. */
  listen(host, port, listening) {
    this.#server.listen(port, host, () => listening(this.#server));
    return this;
  }

  #route(method, pattern, handler) {
    this.#routes.push({ method, pattern, handler });
    return this;
  }

  #serve(message, response) {
    const [path] = split(message.url);
    for (const { method, pattern, handler } of this.#routes) {
      if (method && method !== message.method) continue;
      const parameters = match(pattern, path);
      if (parameters) return handler(new HttpResponse(message, response), new HttpRequest(message, parameters));
    }
    response.writeHead(404).end();
  }
}

module.exports = {
  App: () => new TemplatedApp(http.createServer()),
  SSLApp: ({ key_file_name: key, cert_file_name: cert, passphrase }) =>
    new TemplatedApp(
      https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert), passphrase: passphrase || undefined }),
    ),
  us_listen_socket_close: (server) => server.close(),
};
